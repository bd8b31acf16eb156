{{/* The relay's container, and what the node's watcher needs to follow it. */}}

{{- define "sluice.relayName" -}}
{{ include "sluice.name" . }}-relay
{{- end }}

{{- define "sluice.relaySelector" -}}
app.kubernetes.io/name: sluice-relay
app.kubernetes.io/instance: {{ include "sluice.name" . }}
{{- end }}

{{- define "sluice.tlsOptions" -}}
- --tls-cert=/etc/sluice-tls/tls.crt
- --tls-key=/etc/sluice-tls/tls.key
- --tls-ca=/etc/sluice-tls/ca.crt
{{- end }}

{{/* A whole folder, never single files of it: these would not be replaced. */}}
{{- define "sluice.tlsMount" -}}
- name: tls
  mountPath: /etc/sluice-tls
  readOnly: true
{{- end }}

{{/* sluice.tlsSecret: the Secret's name */}}
{{- define "sluice.tlsSecret" -}}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0444
{{- end }}

{{/* The options of a node's watcher. */}}
{{- define "sluice.relayed" -}}
- --relay={{ .Values.relay.address | default (printf "%s.%s.svc:%d" (include "sluice.relayName" .) .Release.Namespace (int .Values.relay.port)) }}
{{ include "sluice.tlsOptions" . }}
{{- end }}

{{- define "sluice.relay" -}}
- name: relay
  {{- include "sluice.imageFields" . | nindent 2 }}
  command: [sluice-watcher]
  args:
    - --serve={{ .Values.relay.listen }}:{{ .Values.relay.port }}
    - --relay-node-names={{ .Values.relay.nodeNames }}
    {{- include "sluice.tlsOptions" . | nindent 4 }}
    - --metrics={{ include "sluice.listen" (list . .Values.relay.metricsPort) }}
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
  ports:
    - name: relay
      containerPort: {{ .Values.relay.port }}
      protocol: TCP
    - name: relay-metrics
      containerPort: {{ .Values.relay.metricsPort }}
      protocol: TCP
  livenessProbe:
    {{- include "sluice.probe" (list . "relay-metrics" "/livez") | nindent 4 }}
    initialDelaySeconds: 10
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 6
  readinessProbe:
    {{- include "sluice.probe" (list . "relay-metrics" "/readyz") | nindent 4 }}
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
    {{- toYaml .Values.relay.resources | nindent 4 }}
  volumeMounts:
    - name: api-access
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- include "sluice.tlsMount" . | nindent 4 }}
{{- end }}
