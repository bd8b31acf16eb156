{{/* The release's name, cut to what a label may hold. */}}
{{- define "sluice.name" -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- end }}

{{- define "sluice.selector" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/instance: {{ include "sluice.name" . }}
{{- end }}

{{- define "sluice.labels" -}}
{{ include "sluice.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: sluice
{{- end }}

{{/* Of each PodMonitor beside its name. */}}
{{- define "sluice.monitorPlace" -}}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "sluice.labels" . | nindent 2 }}
  {{- with .Values.podMonitor.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "sluice.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "sluice.name" .) -}}
{{- end }}

{{- define "sluice.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- with .Values.image.digest -}}
{{ $.Values.image.repository }}:{{ $tag }}@{{ . }}
{{- else -}}
{{ .Values.image.repository }}:{{ $tag }}
{{- end -}}
{{- end }}

{{- define "sluice.socket" -}}
{{ .Values.hostPaths.run }}/sluice.sock
{{- end }}

{{/* sluice.listen: [root, port] as ADDR:PORT, IPv6 in brackets. */}}
{{- define "sluice.listen" -}}
{{- $address := (index . 0).Values.metrics.address -}}
{{- if contains ":" $address }}[{{ $address }}]{{ else }}{{ $address }}{{ end }}:{{ index . 1 }}
{{- end }}

{{/* Where the kubelet finds what listens on metrics.address: the pod is in the node's own network namespace. */}}
{{- define "sluice.probeHost" -}}
{{- $address := .Values.metrics.address -}}
{{- if eq $address "0.0.0.0" }}127.0.0.1{{ else if eq $address "::" }}::1{{ else }}{{ $address }}{{ end -}}
{{- end }}

{{/* sluice.probe: [root, port name, path] */}}
{{- define "sluice.probe" -}}
httpGet:
  host: {{ include "sluice.probeHost" (index . 0) | quote }}
  port: {{ index . 1 }}
  path: {{ index . 2 }}
{{- end }}

{{/* Unconfined by the field that Kubernetes 1.30 has; before, by an annotation of the pod. */}}
{{- define "sluice.hasAppArmorField" -}}
{{- if semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end }}

{{/* An init container that goes on running: Kubernetes 1.29. Before, one container more in the pod. */}}
{{- define "sluice.hasSidecars" -}}
{{- if semverCompare ">=1.29-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end }}
