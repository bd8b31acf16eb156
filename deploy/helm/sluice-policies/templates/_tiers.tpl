{{/* policies.clusterHead: {root, name, tier, priority, annotations} all of a ClusterNetworkPolicy above its subject. */}}
{{- define "policies.clusterHead" -}}
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata:
  name: {{ .name | quote }}
  {{- include "policies.labels" .root | nindent 2 }}
  {{- with .annotations }}
  annotations: {{ toJson . }}
  {{- end }}
spec:
  {{- with .tier }}
  tier: {{ . }}
  priority: {{ int $.priority }}
  {{- end }}
{{- end }}

{{/* policies.namespaceSelector: {namespaceSelector, exceptNamespaces} as one selector. */}}
{{- define "policies.namespaceSelector" -}}
{{- $selector := .namespaceSelector | default dict -}}
{{- with .exceptNamespaces -}}
{{- $except := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" . -}}
{{- $selector = merge (dict "matchExpressions" (append ($selector.matchExpressions | default list) $except)) $selector -}}
{{- end -}}
{{- toJson $selector -}}
{{- end }}

{{/* policies.protocols: a list as policies.ports has it, as a ClusterNetworkPolicy writes it. A port by name is of the
protocol that the pod says. */}}
{{- define "policies.protocols" -}}
{{- with . }}
protocols:
{{- range . }}
{{- $port := kindIs "map" . | ternary . (dict "port" .) }}
{{- if kindIs "string" $port.port }}
  - destinationNamedPort: {{ $port.port | quote }}
{{- else }}
{{- $start := $port.port | default 1 | int }}
{{- $end := $port.endPort | default $port.port | default 65535 | int }}
{{- if gt $start $end }}
{{- fail (printf "ports: endPort %d is below port %d" $end $start) }}
{{- end }}
{{- $destination := eq $start $end | ternary (dict "number" $start) (dict "range" (dict "start" $start "end" $end)) }}
  - {{ lower ($port.protocol | default "TCP") }}: {destinationPort: {{ toJson $destination }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* That nobody has the label is how it should be: lint is told so. */}}
{{- define "policies.tiers.breakGlass" }}
{{- $head := dict "root" .root "tier" "Admin" "priority" .own.priority }}
{{- $incident := dict "namespaces" .own.namespaceSelector }}
{{- $whole := "nobody has it until there is an incident" }}
{{ include "policies.clusterHead" (merge (dict "name" "break-glass-egress" "annotations" (dict
  "sluice.dev/lint-ignore" (printf "selects-no-pod: %s" $whole))) $head) }}
  subject: {{ toJson $incident }}
  egress:
    - name: incident
      action: Accept
      to: [{namespaces: {}}]
{{ include "policies.clusterHead" (merge (dict "name" "break-glass-ingress" "annotations" (dict
  "sluice.dev/lint-ignore" (printf "namespace-label-unknown: %s, peer-selects-no-pod: %s" $whole $whole))) $head) }}
  subject: {namespaces: {}}
  ingress:
    - name: incident
      action: Accept
      from: [{{ toJson $incident }}]
{{- end }}

{{- define "policies.tiers.denyCloudMetadata" }}
{{ include "policies.clusterHead" (dict "root" .root "name" "deny-cloud-metadata" "tier" "Admin" "priority" .own.priority) }}
  subject: {namespaces: {{ include "policies.namespaceSelector" .own }}}
  egress:
    - name: metadata
      action: Deny
      to: [{networks: {{ toJson .own.cidrs }}}]
{{- end }}

{{/* Names of ports stand for pods' ports alone: the rule of addresses has the others. */}}
{{- define "policies.tiers.dnsForAll" }}
{{- $dns := .root.Values.dns }}
{{- $head := dict "root" .root "tier" "Admin" "priority" .own.priority }}
{{- $askers := dict "namespaces" (include "policies.namespaceSelector" .own | fromJson) }}
{{- $pods := dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" $dns.namespace))
  "podSelector" ($dns.podSelector | default dict) }}
{{- $ports := .own.ports | default $dns.ports }}
{{- $numbers := list }}
{{- range $ports }}
{{- if not (kindIs "string" (kindIs "map" . | ternary . (dict "port" .)).port) }}
{{- $numbers = append $numbers . }}
{{- end }}
{{- end }}
{{- if and $dns.cidrs $ports (not $numbers) }}
{{- fail "tiers.dnsForAll: addresses (dns.cidrs) have no named ports: name a number too in dns.ports" }}
{{- end }}
{{ include "policies.clusterHead" (merge (dict "name" "dns-for-all-egress") $head) }}
  subject: {{ toJson $askers }}
  egress:
    - name: cluster-dns
      action: Accept
      to: [{pods: {{ toJson $pods }}}]
      {{- include "policies.protocols" $ports | trim | nindent 6 }}
    {{- with $dns.cidrs }}
    - name: node-local-dns
      action: Accept
      to: [{networks: {{ toJson . }}}]
      {{- include "policies.protocols" $numbers | trim | nindent 6 }}
    {{- end }}
{{ include "policies.clusterHead" (merge (dict "name" "dns-for-all-ingress") $head) }}
  subject: {pods: {{ toJson $pods }}}
  ingress:
    - name: cluster-dns
      action: Accept
      from: [{{ toJson $askers }}]
      {{- include "policies.protocols" $ports | trim | nindent 6 }}
{{- end }}

{{- define "policies.tiers.tenants" }}
{{- if not .own.names }}
{{- fail (printf "tiers.tenants: names is missing: list the values of the namespaces' label %s, each a tenant" .own.label) }}
{{- end }}
{{- range $tenant := .own.names | sortAlpha }}
{{- $own := dict "namespaces" (dict "matchLabels" (dict $.own.label $tenant)) }}
{{ include "policies.clusterHead" (dict "root" $.root "name" (printf "tenant-%s" $tenant) "tier" "Admin" "priority" $.own.priority) }}
  subject: {{ toJson $own }}
  ingress:
    - name: own
      action: Pass
      from: [{{ toJson $own }}]
    {{- with $.own.shared }}
    - name: shared
      action: Accept
      from: [{namespaces: {{ toJson . }}}]
    {{- end }}
    - name: others
      action: Deny
      from: [{namespaces: {}}]
{{- end }}
{{- end }}

{{- define "policies.tiers.baselineDefaultDeny" }}
{{ include "policies.clusterHead" (dict "root" .root "name" "baseline-default-deny" "tier" "Baseline" "priority" .own.priority) }}
  subject: {namespaces: {{ include "policies.namespaceSelector" .own }}}
  {{- if has "Ingress" .own.directions }}
  ingress:
    - name: nobody
      action: Deny
      from: [{namespaces: {}}]
  {{- end }}
  {{- if has "Egress" .own.directions }}
  egress:
    - name: nowhere
      action: Deny
      to: [{networks: [0.0.0.0/0, "::/0"]}]
  {{- end }}
{{- end }}
