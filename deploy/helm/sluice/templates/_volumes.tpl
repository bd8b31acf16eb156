{{/* hostPath: [name, path, type] */}}
{{- define "sluice.hostPath" -}}
- name: {{ index . 0 }}
  hostPath:
    path: {{ index . 1 }}
    type: {{ index . 2 }}
{{- end }}

{{- define "sluice.apiAccess" -}}
- name: api-access
  projected:
    defaultMode: 0444
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: {{ int64 .Values.watcher.tokenExpirationSeconds }}
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}

{{- define "sluice.volumes" -}}
- name: config
  configMap:
    name: {{ include "sluice.name" . }}
{{ include "sluice.hostPath" (list "bpffs" .Values.hostPaths.bpffs "Directory") }}
{{ include "sluice.hostPath" (list "netns" .Values.hostPaths.netns "DirectoryOrCreate") }}
{{ include "sluice.hostPath" (list "run" .Values.hostPaths.run "DirectoryOrCreate") }}
{{ include "sluice.hostPath" (list "cni-conf" .Values.cni.confDir "DirectoryOrCreate") }}
{{- if or (and .Values.cni.enabled (not .Values.remove)) (not .Values.cni.keepProgram) }}
{{ include "sluice.hostPath" (list "cni-bin" .Values.cni.binDir "DirectoryOrCreate") }}
{{- end }}
{{- if not .Values.remove }}
{{ include "sluice.apiAccess" . }}
{{- if .Values.relay.enabled }}
{{- if .Values.relay.nodeTlsDir }}
{{ include "sluice.hostPath" (list "tls" .Values.relay.nodeTlsDir "Directory") }}
{{- else }}
{{ include "sluice.tlsSecret" .Values.relay.nodeSecretName }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
