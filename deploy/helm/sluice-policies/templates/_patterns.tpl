{{/* policies.on: [root, pattern] "true" where the pattern is meant here: true, or a map whose conditions hold. */}}
{{- define "policies.on" -}}
{{- $root := index . 0 -}}
{{- $pattern := index . 1 -}}
{{- if kindIs "map" $pattern -}}
{{- $environments := get $pattern "environments" | default list -}}
{{- if and (ne (get $pattern "enabled" | toString) "false") (or (empty $environments) (has $root.Values.environment $environments)) -}}
true
{{- end -}}
{{- else if $pattern -}}
true
{{- end -}}
{{- end }}

{{/* policies.namespace: [root, name] the namespace with the defaults under it, as JSON. */}}
{{- define "policies.namespace" -}}
{{- $root := index . 0 -}}
{{- $own := get $root.Values.namespaces (index . 1) | default dict -}}
{{- $merged := dict "defaultDeny" true "dns" true -}}
{{- range $key, $value := $root.Values.defaults -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- range $key, $value := $own -}}
{{- $_ := set $merged $key $value -}}
{{- end -}}
{{- toJson $merged -}}
{{- end }}

{{/* policies.closed: [root, namespace's name] the directions that its default deny closes here, as a JSON map. */}}
{{- define "policies.closed" -}}
{{- $root := index . 0 -}}
{{- $closed := dict -}}
{{- if hasKey $root.Values.namespaces (index . 1) -}}
{{- $namespace := include "policies.namespace" . | fromJson -}}
{{- $deny := $namespace.defaultDeny -}}
{{- if and (include "policies.on" (list $root $namespace)) (include "policies.on" (list $root $deny)) -}}
{{- $directions := list "Ingress" "Egress" -}}
{{- if kindIs "map" $deny -}}
{{- $directions = get $deny "directions" | default $directions -}}
{{- end -}}
{{- range $directions -}}
{{- $_ := set $closed . true -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $closed -}}
{{- end }}

{{/* policies.podSelector: of a pattern; true and a map without one mean every pod. */}}
{{- define "policies.podSelector" -}}
{{- $selector := dict -}}
{{- if kindIs "map" . -}}
{{- $selector = get . "podSelector" | default dict -}}
{{- end -}}
{{- toJson $selector -}}
{{- end }}

{{/* policies.ports: a list of numbers, names and {port, endPort, protocol}; nothing where it is empty. */}}
{{- define "policies.ports" -}}
{{- with . }}
ports:
{{- range . }}
{{- if kindIs "map" . }}
  - {{ toJson . }}
{{- else }}
  - port: {{ if kindIs "string" . }}{{ . | quote }}{{ else }}{{ int . }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* policies.peers: {namespace, podSelector} or {cidrs, except}, or both, as a list of peers. An except stands below
the cidrs of its own family. */}}
{{- define "policies.peers" -}}
{{- if .namespace }}
- namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .namespace | quote }}}}
  podSelector: {{ .podSelector | default dict | toJson }}
{{- end }}
{{- $except := .except | default list }}
{{- range $cidr := .cidrs }}
{{- $same := list }}
{{- range $except }}
{{- if eq (contains ":" .) (contains ":" $cidr) }}
{{- $same = append $same . }}
{{- end }}
{{- end }}
- ipBlock: {{ $same | empty | ternary (dict "cidr" $cidr) (dict "cidr" $cidr "except" $same) | toJson }}
{{- end }}
{{- end }}

{{/* policies.labels: of every policy. */}}
{{- define "policies.labels" -}}
labels:
  app.kubernetes.io/part-of: sluice-policies
  app.kubernetes.io/instance: {{ .Release.Name | quote }}
  {{- with .Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* policies.head: [root, namespace, name] all of a policy above its spec's contents. */}}
{{- define "policies.head" -}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ index . 2 | quote }}
  namespace: {{ index . 1 | quote }}
  {{- include "policies.labels" (index . 0) | nindent 2 }}
spec:
{{- end }}

{{/* policies.opens: {root, namespace, name, own, direction, far, ports} one policy that lets the pods of `own` talk to
(or be talked to by) `far`. */}}
{{- define "policies.opens" }}
{{- $peers := include "policies.peers" .far | trim }}
{{- if not $peers }}
{{- fail (printf "%s/%s: has no peer, which would mean everybody: name a namespace or cidrs" .namespace .name) }}
{{- end }}
{{ include "policies.head" (list .root .namespace .name) }}
  podSelector: {{ include "policies.podSelector" .own }}
  policyTypes: [{{ .direction }}]
  {{ lower .direction }}:
    - {{ eq .direction "Ingress" | ternary "from" "to" }}:
        {{- $peers | nindent 8 }}
      {{- with include "policies.ports" .ports | trim }}
      {{- . | nindent 6 }}
      {{- end }}
{{- end }}

{{/* policies.between: {root, from, to, ports, egress, ingress} both ends of what `from` may say to `to`, each where its
namespace is closed in that direction; egress and ingress are the policies' names. An end without namespace has none. */}}
{{- define "policies.between" }}
{{- $root := .root }}
{{- $ports := .ports }}
{{- range $end := list
  (dict "direction" "Egress" "own" .from "far" .to "name" .egress)
  (dict "direction" "Ingress" "own" .to "far" .from "name" .ingress) }}
{{- with $end.own.namespace }}
{{- if hasKey (include "policies.closed" (list $root .) | fromJson) $end.direction }}
{{- include "policies.opens" (dict "root" $root "namespace" . "name" $end.name "direction" $end.direction
  "own" $end.own "far" $end.far "ports" $ports) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
