{{/* policies.shared: [root, namespace's name, key, pattern] the policies of one of the patterns that all namespaces
share: dns, apiServer, monitoring, sameNamespace, externalHttps. */}}
{{- define "policies.shared" }}
{{- $root := index . 0 }}
{{- $name := index . 1 }}
{{- $key := index . 2 }}
{{- $pattern := kindIs "map" (index . 3) | ternary (index . 3) dict }}
{{- $own := dict "namespace" $name "podSelector" ($pattern.podSelector | default dict) }}
{{- $far := get $root.Values $key | default dict }}
{{- if hasKey $pattern "except" }}
{{- $far = dict "cidrs" $far.cidrs "except" $pattern.except }}
{{- end }}
{{- if and (eq $key "apiServer") (empty $far.cidrs) }}
{{- fail (printf "namespaces.%s.apiServer: nobody says where the API server is: set apiServer.cidrs (kubectl get endpoints kubernetes)" $name) }}
{{- end }}
{{- $between := get (dict
  "dns" (dict "from" $own "to" $far "egress" "allow-dns" "ingress" (printf "allow-dns-from-%s" $name))
  "apiServer" (dict "from" $own "to" $far "egress" "allow-api-server")
  "monitoring" (dict "from" $far "to" $own "egress" (printf "allow-monitoring-of-%s" $name) "ingress" "allow-monitoring")
  "sameNamespace" (dict "from" $own "to" $own "egress" "allow-same-namespace-egress" "ingress" "allow-same-namespace-ingress")
  "externalHttps" (dict "from" $own "to" $far "egress" "allow-external-https")) $key }}
{{- include "policies.between" (merge (dict "root" $root "ports" ($pattern.ports | default $far.ports)) $between) }}
{{- end }}
