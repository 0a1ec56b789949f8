{{/* Which cloud this release buys from, and what is said about it under the names of today and of the older products. */}}

{{- define "karpenter.providerNames" -}}ovh, scaleway, cloudstack{{- end -}}

{{/* "true" when a value says anything: false and 0 do, empty texts, lists and maps do not. */}}
{{- define "karpenter.isGiven" -}}
{{- if kindIs "map" . -}}
{{- range $value := . -}}{{- include "karpenter.isGiven" $value -}}{{- end -}}
{{- else if kindIs "slice" . -}}
{{- if . -}}true{{- end -}}
{{- else if not (kindIs "invalid" .) -}}
{{- if ne (toString .) "" -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "karpenter.provider" -}}
{{- $names := splitList ", " (include "karpenter.providerNames" .) -}}
{{- $said := concat (compact (list .Values.provider)) .Values.providers | uniq -}}
{{- if or (has "simulated" $said) (and (not $said) .Values.simulated.enabled) -}}
{{- fail "provider simulated is no part of the controller's image: choose ovh, scaleway or cloudstack; the simulated cloud runs with `pnpm demo --provider simulated`" -}}
{{- end -}}
{{- range $said -}}
{{- if not (has . $names) -}}
{{- fail (printf "provider %q is unknown: set provider to one of %s" . (join ", " $names)) -}}
{{- end -}}
{{- end -}}
{{- if gt (len $said) 1 -}}
{{- fail (printf "provider and providers name %s, and one release runs one provider: install one release for each" (join ", " $said)) -}}
{{- end -}}
{{- if $said -}}
{{- first $said -}}
{{- else -}}
{{- $chosen := list -}}
{{- range $names -}}
{{- $isOldCredentials := and (eq . "ovh") (include "karpenter.isGiven" $.Values.credentials) -}}
{{- if or (include "karpenter.isGiven" (get $.Values .)) $isOldCredentials -}}
{{- $chosen = append $chosen . -}}
{{- end -}}
{{- end -}}
{{- if not $chosen -}}
{{- fail "no provider is chosen: set provider, or give ovh.serviceName, scaleway.projectId or cloudstack.apiUrl a value" -}}
{{- end -}}
{{- if gt (len $chosen) 1 -}}
{{- fail (printf "several providers have values (%s): set provider to the one that is meant" (join ", " $chosen)) -}}
{{- end -}}
{{- first $chosen -}}
{{- end -}}
{{- end -}}

{{/*
The value of a key that has had several names. Takes (list (dict "a.b" value "c" value …)); empty when none is given.
Two names with different values are a mistake that only the user can resolve.
*/}}
{{- define "karpenter.oneOf" -}}
{{- $given := dict -}}
{{- range $name, $value := . -}}
{{- if include "karpenter.isGiven" $value -}}{{- $_ := set $given $name $value -}}{{- end -}}
{{- end -}}
{{- $values := list -}}
{{- range $value := $given -}}{{- $values = append $values (toString $value) -}}{{- end -}}
{{- if gt (len (uniq $values)) 1 -}}
{{- fail (printf "%s mean the same and differ: keep one" (keys $given | sortAlpha | join " and ")) -}}
{{- end -}}
{{- if $values -}}{{- first $values -}}{{- end -}}
{{- end -}}

{{- define "karpenter.clusterName" -}}
{{- $old := dig "clusterName" "" .Values.settings -}}
{{- $name := include "karpenter.oneOf" (dict "clusterName" .Values.clusterName "settings.clusterName" $old) -}}
{{- if and (not $name) (not (has (include "karpenter.provider" .) (list "ovh"))) -}}
{{- fail "clusterName is required: every machine carries it, so that several clusters can share a project" -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/* Credentials given as values, as a map of Secret key to value in YAML. */}}
{{- define "karpenter.credentials" -}}
{{- $provider := include "karpenter.provider" . -}}
{{- $block := get .Values $provider | default dict -}}
{{- $mine := $block.credentials | default dict -}}
{{- $old := dict -}}
{{- if eq $provider "ovh" -}}{{- $old = .Values.credentials | default dict -}}{{- end -}}
{{- if eq $provider "cloudstack" -}}{{- $old = $block -}}{{- end -}}
{{- $keys := dict "ovh" (list "applicationKey" "applicationSecret" "consumerKey" "clientId" "clientSecret" "accessToken") "scaleway" (list "accessKey" "secretKey") "cloudstack" (list "apiKey" "secretKey") -}}
{{- $found := dict -}}
{{- range $key := get $keys $provider -}}
{{- $oldName := eq $provider "cloudstack" | ternary (printf "cloudstack.%s" $key) (printf "credentials.%s" $key) -}}
{{- $value := include "karpenter.oneOf" (dict (printf "%s.credentials.%s" $provider $key) (get $mine $key) $oldName (get $old $key)) -}}
{{- if $value -}}{{- $_ := set $found $key $value -}}{{- end -}}
{{- end -}}
{{- if $found -}}{{- toYaml $found -}}{{- end -}}
{{- end -}}

{{/* Name of a Secret that the user made, empty when there is none. */}}
{{- define "karpenter.existingSecret" -}}
{{- $provider := include "karpenter.provider" . -}}
{{- $block := get .Values $provider | default dict -}}
{{- $old := "" -}}
{{- if eq $provider "ovh" -}}{{- $old = dig "secretName" "" (.Values.credentials | default dict) -}}{{- end -}}
{{- $name := include "karpenter.oneOf" (dict (printf "%s.existingSecret" $provider) $block.existingSecret "credentials.secretName" $old) -}}
{{- if and $name (include "karpenter.credentials" .) -}}
{{- fail (printf "%s.existingSecret and credentials given as values exclude each other: keep one" $provider) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{/* Name of the Secret the controller reads its credentials from, empty when they come from elsewhere. */}}
{{- define "karpenter.secretName" -}}
{{- $existing := include "karpenter.existingSecret" . -}}
{{- if include "karpenter.credentials" . -}}
{{- printf "%s-%s" (include "karpenter.fullname" .) (include "karpenter.provider" .) | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $existing -}}
{{- end -}}
{{- end -}}

{{- define "karpenter.image" -}}
{{- $image := .Values.controller.image -}}
{{- $old := .Values.image | default dict -}}
{{- $repository := $image.repository -}}
{{- if $old.repository -}}{{- $repository = $old.repository -}}{{- end -}}
{{- $tag := include "karpenter.oneOf" (dict "controller.image.tag" $image.tag "image.tag" $old.tag) | default .Chart.AppVersion -}}
{{- printf "%s:%s" $repository $tag -}}
{{- with $image.digest -}}@{{ . }}{{- end -}}
{{- end -}}

{{/* Secrets that an OVHNodeClass may name, as a map of namespace to names in YAML. */}}
{{- define "karpenter.nodeClassSecrets" -}}
{{- $byNamespace := dict .Release.Namespace (list "ovh-credentials") -}}
{{- $listed := .Values.ovh.nodeClassSecrets | default list -}}
{{- $old := .Values.credentials | default dict -}}
{{- if $old.secretName -}}
{{- $listed = append $listed (dict "name" $old.secretName "namespace" ($old.secretNamespace | default .Release.Namespace)) -}}
{{- end -}}
{{- with include "karpenter.secretName" . -}}{{- $listed = append $listed (dict "name" .) -}}{{- end -}}
{{- range $listed -}}
{{- $namespace := .namespace | default $.Release.Namespace -}}
{{- $_ := set $byNamespace $namespace (append (get $byNamespace $namespace | default list) .name | uniq | sortAlpha) -}}
{{- end -}}
{{- toYaml $byNamespace -}}
{{- end -}}
