{{/* Parts of the pod that are made from several values. */}}

{{- define "karpenter.selector" -}}
labelSelector:
  matchLabels:
    {{- include "karpenter.selectorLabels" . | nindent 4 }}
{{- end -}}

{{/* Terms of the pod anti-affinity without a selector mean the other replicas. */}}
{{- define "karpenter.affinity" -}}
{{- $affinity := deepCopy .Values.affinity -}}
{{- $selector := include "karpenter.selector" . | fromYaml -}}
{{- with $affinity.podAntiAffinity -}}
{{- range .requiredDuringSchedulingIgnoredDuringExecution -}}
{{- if not (hasKey . "labelSelector") -}}{{- $_ := set . "labelSelector" $selector.labelSelector -}}{{- end -}}
{{- end -}}
{{- range .preferredDuringSchedulingIgnoredDuringExecution -}}
{{- if not (hasKey .podAffinityTerm "labelSelector") -}}{{- $_ := set .podAffinityTerm "labelSelector" $selector.labelSelector -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $affinity -}}{{- toYaml $affinity -}}{{- end -}}
{{- end -}}

{{- define "karpenter.spread" -}}
{{- $constraints := deepCopy .Values.topologySpreadConstraints -}}
{{- $selector := include "karpenter.selector" . | fromYaml -}}
{{- range $constraints -}}
{{- if not (hasKey . "labelSelector") -}}{{- $_ := set . "labelSelector" $selector.labelSelector -}}{{- end -}}
{{- end -}}
{{- if $constraints -}}{{- toYaml $constraints -}}{{- end -}}
{{- end -}}

{{/* What the container may do is little, and nothing in values can widen it; profiles can be named. */}}
{{- define "karpenter.containerSecurityContext" -}}
{{- $fixed := dict
  "privileged" false
  "allowPrivilegeEscalation" false
  "readOnlyRootFilesystem" true
  "runAsNonRoot" true
  "runAsUser" 65532
  "runAsGroup" 65532
  "capabilities" (dict "drop" (list "ALL")) -}}
{{- $said := merge dict (.Values.controller.securityContext | default dict) (.Values.securityContext | default dict) -}}
{{- $profiles := pick $said "appArmorProfile" "seLinuxOptions" "seccompProfile" -}}
{{- toYaml (merge $fixed $profiles) -}}
{{- end -}}
