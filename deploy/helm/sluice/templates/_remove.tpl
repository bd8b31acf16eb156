{{/* remove: the same pod, undoing what the others did. Out of the chain first: a new pod must not ask for an agent that
is gone. Then the programs; the last container only stays, so that `kubectl rollout status` tells when all is done. */}}

{{/* Also the first step where cni.enabled is false. */}}
{{- define "sluice.unchain" -}}
- name: unchain
  {{- include "sluice.imageFields" . | nindent 2 }}
  command: [sluice-cni, uninstall]
  args:
    - --conf-dir={{ .Values.cni.confDir }}
    {{- if .Values.cni.keepProgram }}
    # CRI-O deletes a pod by the configuration that it was made with.
    - --keep-program
    {{- else }}
    - --bin-dir={{ .Values.cni.binDir }}
    {{- end }}
  securityContext:
    {{- include "sluice.cniSecurity" . | nindent 4 }}
  resources:
    {{- toYaml .Values.cni.resources | nindent 4 }}
  volumeMounts:
    - name: cni-conf
      mountPath: {{ .Values.cni.confDir }}
    {{- if not .Values.cni.keepProgram }}
    - name: cni-bin
      mountPath: {{ .Values.cni.binDir }}
    {{- end }}
{{- end }}

{{- define "sluice.removeSteps" -}}
{{ include "sluice.unchain" . }}
- name: detach
  {{- include "sluice.imageFields" . | nindent 2 }}
  command: [sluiced]
  args:
    - --config=/etc/sluice/sluiced.yaml
    - --detach
  env:
    {{- include "sluice.nodeName" . | nindent 4 }}
  securityContext:
    {{- include "sluice.agentSecurity" . | nindent 4 }}
  resources:
    {{- toYaml .Values.agent.resources | nindent 4 }}
  volumeMounts:
    {{- include "sluice.agentMounts" . | nindent 4 }}
{{- end }}

{{- define "sluice.removed" -}}
- name: removed
  {{- include "sluice.imageFields" . | nindent 2 }}
  # Waits for an agent that will not come.
  command: [sluicectl, sync, --timeout=1440m, --socket={{ include "sluice.socket" . }}]
  securityContext:
    runAsNonRoot: true
    runAsUser: {{ int64 .Values.watcher.uid }}
    runAsGroup: {{ int64 .Values.watcher.gid }}
    {{- include "sluice.confined" list | nindent 4 }}
    seccompProfile:
      type: RuntimeDefault
  resources:
    {{- toYaml .Values.cni.resources | nindent 4 }}
{{- end }}
