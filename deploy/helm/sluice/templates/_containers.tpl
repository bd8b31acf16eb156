{{/* What each container of the pod is. The image has no shell: commands are programs and their options. */}}

{{- define "sluice.imageFields" -}}
image: {{ include "sluice.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{/* sluice.confined: what every container is denied, and may be given back [capabilities...]. Spelled without CAP_: the
API server refuses "CAP_SYS_ADMIN" beside allowPrivilegeEscalation: false, by that spelling alone. Runtimes take both.
*/}}
{{- define "sluice.confined" -}}
privileged: false
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  {{- with . }}
  add: [{{ join ", " . }}]
  {{- end }}
{{- end }}

{{/* Root, since pins and the network plugin's folders are root's own; with these capabilities and no other. */}}
{{- define "sluice.agentSecurity" -}}
runAsUser: 0
runAsGroup: 0
{{ include "sluice.confined" (concat (list "BPF" "NET_ADMIN" "SYS_ADMIN") (.Values.names.enabled | ternary (list "NET_RAW") (list)) .Values.agent.extraCapabilities) }}
seccompProfile:
  type: {{ .Values.agent.seccomp }}
{{- if include "sluice.hasAppArmorField" . }}
appArmorProfile:
  type: {{ .Values.agent.appArmor }}
{{- end }}
{{- end }}

{{- define "sluice.agentMounts" -}}
- name: config
  mountPath: /etc/sluice
  readOnly: true
- name: run
  mountPath: {{ .Values.hostPaths.run }}
# Mounts that the node makes later must be seen, and those that it undoes let go: HostToContainer.
- name: bpffs
  # Not below /sys, where the agent would mount a bpffs that is missing: one made in here would end with the pod.
  mountPath: /bpffs
  mountPropagation: HostToContainer
- name: netns
  mountPath: {{ .Values.hostPaths.netns }}
  mountPropagation: HostToContainer
  readOnly: true
{{- end }}

{{- define "sluice.nodeName" -}}
- name: NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- end }}

{{- define "sluice.agent" -}}
- name: agent
  {{- include "sluice.imageFields" . | nindent 2 }}
  command: [sluiced]
  args:
    - --config=/etc/sluice/sluiced.yaml
  env:
    {{- include "sluice.nodeName" . | nindent 4 }}
  ports:
    - name: metrics
      containerPort: {{ .Values.metrics.agentPort }}
      protocol: TCP
  # Its own slowness is no reason to end it: what it enforced goes on meanwhile.
  startupProbe:
    {{- include "sluice.probe" (list . "metrics" "/livez") | nindent 4 }}
    periodSeconds: 2
    failureThreshold: 90
  livenessProbe:
    {{- include "sluice.probe" (list . "metrics" "/livez") | nindent 4 }}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    {{- include "sluice.probe" (list . "metrics" "/readyz") | nindent 4 }}
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 2
  securityContext:
    {{- include "sluice.agentSecurity" . | nindent 4 }}
  resources:
    {{- toYaml .Values.agent.resources | nindent 4 }}
  volumeMounts:
    {{- include "sluice.agentMounts" . | nindent 4 }}
{{- end }}

{{- define "sluice.watcher" -}}
- name: watcher
  {{- include "sluice.imageFields" . | nindent 2 }}
  command: [sluice-watcher]
  args:
    - --socket={{ include "sluice.socket" . }}
    - --metrics={{ include "sluice.listen" (list . .Values.metrics.watcherPort) }}
    - --log-level={{ .Values.log.level }}
    - --log-format={{ .Values.log.format }}
    {{- with .Values.watcher.apiServer }}
    - --api-server={{ . }}
    {{- end }}
    {{- if .Values.cilium.accept }}
    - --accept-cilium
    {{- range .Values.cilium.cluster }}
    - --cluster={{ . }}
    {{- end }}
    {{- end }}
    {{- if .Values.relay.enabled }}
    {{- include "sluice.relayed" . | nindent 4 }}
    {{- end }}
  env:
    {{- include "sluice.nodeName" . | nindent 4 }}
  ports:
    - name: watcher-metrics
      containerPort: {{ .Values.metrics.watcherPort }}
      protocol: TCP
  livenessProbe:
    {{- include "sluice.probe" (list . "watcher-metrics" "/livez") | nindent 4 }}
    initialDelaySeconds: 10
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    {{- include "sluice.probe" (list . "watcher-metrics" "/readyz") | nindent 4 }}
    periodSeconds: 5
    timeoutSeconds: 5
    failureThreshold: 2
  securityContext:
    runAsNonRoot: true
    runAsUser: {{ int64 .Values.watcher.uid }}
    runAsGroup: {{ int64 .Values.watcher.gid }}
    {{- include "sluice.confined" list | nindent 4 }}
    seccompProfile:
      type: RuntimeDefault
  resources:
    {{- toYaml .Values.watcher.resources | nindent 4 }}
  volumeMounts:
    - name: run
      mountPath: {{ .Values.hostPaths.run }}
      readOnly: true
    - name: api-access
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- if .Values.relay.enabled }}
    {{- include "sluice.tlsMount" . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* Root for the plugin's folders, with no capability unless these are somebody else's. */}}
{{- define "sluice.cniSecurity" -}}
runAsUser: 0
runAsGroup: 0
{{ include "sluice.confined" .Values.cni.extraCapabilities }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* One option an argument; the probe compares with what these make. */}}
{{- define "sluice.cniOptions" -}}
- --conf-dir={{ .Values.cni.confDir }}
- --bin-dir={{ .Values.cni.binDir }}
- --socket={{ include "sluice.socket" . }}
- --on-failure={{ .Values.cni.onFailure }}
- --timeout={{ .Values.cni.timeout }}
- --follow-agent
{{- if not .Values.cni.gate }}
- --no-gate
{{- end }}
{{- end }}

{{/* Puts the plugin into the node's chain and follows the chain's changes. */}}
{{- define "sluice.cni" -}}
- name: cni
  {{- include "sluice.imageFields" . | nindent 2 }}
  {{- if include "sluice.hasSidecars" . }}
  restartPolicy: Always
  {{- end }}
  command: [sluice-cni, install]
  args:
    - --watch
    {{- include "sluice.cniOptions" . | nindent 4 }}
  # Is the plugin in the chain? No startup probe: the agent would wait for it, and it can do without the chain.
  readinessProbe:
    exec:
      command:
        - sluice-cni
        - install
        - --check
        {{- include "sluice.cniOptions" . | nindent 8 }}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  securityContext:
    {{- include "sluice.cniSecurity" . | nindent 4 }}
  resources:
    {{- toYaml .Values.cni.resources | nindent 4 }}
  volumeMounts:
    - name: cni-conf
      mountPath: {{ .Values.cni.confDir }}
    - name: cni-bin
      mountPath: {{ .Values.cni.binDir }}
    # Is the agent ready, or why can it not run?
    - name: run
      mountPath: {{ .Values.hostPaths.run }}
      readOnly: true
{{- end }}
