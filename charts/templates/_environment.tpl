{{/* What the controller is told: one entry of a container's env for each setting. Booleans are always written out. */}}

{{- define "karpenter.env" -}}
- name: PROVIDER
  value: {{ include "karpenter.provider" . | quote }}
{{- with include "karpenter.clusterName" . }}
- name: CLUSTER_NAME
  value: {{ . | quote }}
{{- end }}
- name: MODE
  value: {{ .Values.mode | quote }}
- name: SYSTEM_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: LOG_OUTPUT_PATHS
  value: {{ join "," .Values.logOutputPaths | quote }}
- name: LOG_ERROR_OUTPUT_PATHS
  value: {{ join "," .Values.logErrorOutputPaths | quote }}
- name: METRICS_PORT
  value: {{ .Values.controller.metrics.port | quote }}
- name: HEALTH_PROBE_PORT
  value: {{ .Values.controller.healthProbe.port | quote }}
{{- /* Of the container's limit; the rest is for buffers, code and the thread of the lease. */}}
- name: NODE_OPTIONS
  value: --max-old-space-size-percentage=75
{{- range $key, $name := include "karpenter.settingVariables" . | fromYaml }}
- name: {{ $name }}
  value: {{ get $.Values.settings $key | toString | quote }}
{{- end }}
- name: FEATURE_GATES
  value: {{ include "karpenter.featureGates" . | quote }}
{{- include "karpenter.providerEnv" . }}
{{- end -}}

{{- define "karpenter.settingVariables" -}}
batchMaxDuration: BATCH_MAX_DURATION
batchIdleDuration: BATCH_IDLE_DURATION
launchTimeout: LAUNCH_TIMEOUT
registrationTimeout: REGISTRATION_TIMEOUT
initializationTimeout: INITIALIZATION_TIMEOUT
preferencePolicy: PREFERENCE_POLICY
minValuesPolicy: MIN_VALUES_POLICY
ignoreDRARequests: IGNORE_DRA_REQUESTS
schedulerConfig: SCHEDULER_CONFIG
kubeClientQps: KUBE_CLIENT_QPS
kubeClientBurst: KUBE_CLIENT_BURST
maxNodes: MAX_NODES
lifecycleConcurrency: LIFECYCLE_CONCURRENCY
enableProfiling: ENABLE_PROFILING
disableControllerWarmup: DISABLE_CONTROLLER_WARMUP
disableLeaderElection: DISABLE_LEADER_ELECTION
disableClusterStateObservability: DISABLE_CLUSTER_STATE_OBSERVABILITY
leaderElectionName: LEADER_ELECTION_NAME
{{- end -}}

{{- define "karpenter.featureGates" -}}
{{- $gates := list -}}
{{- range $name, $isOn := .Values.settings.featureGates -}}
{{- $gates = append $gates (printf "%s=%t" (title $name) $isOn) -}}
{{- end -}}
{{- join "," $gates -}}
{{- end -}}

{{/* Values of the provider's block by environment variable, then its credentials. */}}
{{- define "karpenter.providerEnv" -}}
{{- $provider := include "karpenter.provider" . -}}
{{- $block := get .Values $provider | default dict -}}
{{- $variables := dict
  "ovh" (dict "endpoint" "OVH_ENDPOINT" "serviceName" "OVH_SERVICE_NAME" "kubeId" "OVH_KUBE_ID" "region" "OVH_REGION" "adoptLegacyPools" "OVH_ADOPT_LEGACY_POOLS")
  "scaleway" (dict "projectId" "SCW_DEFAULT_PROJECT_ID" "organizationId" "SCW_DEFAULT_ORGANIZATION_ID" "region" "SCW_DEFAULT_REGION" "zone" "SCW_DEFAULT_ZONE" "apiUrl" "SCW_API_URL" "approveServingCertificates" "SCW_APPROVE_SERVING_CERTIFICATES")
  "cloudstack" (dict "apiUrl" "CLOUDSTACK_API_URL" "projectId" "CLOUDSTACK_PROJECT_ID" "region" "CLOUDSTACK_REGION" "verifySSL" "CLOUDSTACK_VERIFY_SSL" "expungePolicy" "CLOUDSTACK_EXPUNGE_POLICY") -}}
{{- range $key, $name := get $variables $provider }}
{{- $value := get $block $key }}
{{- if include "karpenter.isGiven" $value }}
- name: {{ $name }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- if eq $provider "ovh" }}
{{- range $key, $value := $block.settings }}
- name: OVH_{{ $key | snakecase | upper }}
  value: {{ toString $value | quote }}
{{- end }}
{{- end }}
{{- if eq $provider "scaleway" }}
{{- range $key, $value := $block.settings }}
- name: SCW_{{ $key | snakecase | upper }}
  value: {{ toString $value | quote }}
{{- end }}
{{- with $block.instanceTypeAliases }}
{{- $pairs := list }}
{{- range $name, $type := . }}{{ $pairs = append $pairs (printf "%s=%s" $name $type) }}{{ end }}
- name: SCW_INSTANCE_TYPE_ALIASES
  value: {{ join "," $pairs | quote }}
{{- end }}
{{- end }}
{{- if eq $provider "cloudstack" }}
{{- range $key, $value := $block.settings }}
- name: CLOUDSTACK_{{ $key | snakecase | upper }}
  value: {{ toString $value | quote }}
{{- end }}
{{- if eq (dig "source" "formula" ($block.pricing | default dict)) "quota" }}
- name: CLOUDSTACK_QUOTA_PRICES
  value: "true"
{{- end }}
{{- range $key, $value := omit ($block.pricing | default dict) "source" }}
- name: {{ get (dict "cpuHour" "CLOUDSTACK_PRICE_CPU_HOUR" "memoryGiBHour" "CLOUDSTACK_PRICE_MEMORY_GIB_HOUR" "gpuHour" "CLOUDSTACK_PRICE_GPU_HOUR" "rootGiBHour" "CLOUDSTACK_PRICE_ROOT_GIB_HOUR") $key }}
  value: {{ toString $value | quote }}
{{- end }}
{{- with $block.instanceTypeAliases }}
{{- $pairs := list }}
{{- range $name, $type := . }}{{ $pairs = append $pairs (printf "%s=%s" $name $type) }}{{ end }}
- name: CLOUDSTACK_INSTANCE_TYPE_ALIASES
  value: {{ join "," $pairs | quote }}
{{- end }}
{{- with $block.offeringLabelKeys }}
- name: CLOUDSTACK_OFFERING_LABEL_KEYS
  value: {{ join "," . | quote }}
{{- end }}
{{- if $block.offerings }}
- name: CLOUDSTACK_OFFERINGS_FILE
  value: /etc/karpenter/cloudstack/offerings.json
{{- end }}
{{- if $block.caBundle }}
- name: CLOUDSTACK_CA_BUNDLE
  value: /etc/karpenter/cloudstack/ca.pem
{{- end }}
{{- end }}
{{- include "karpenter.credentialsEnv" . }}
{{- end -}}

{{/* What the CloudStack provider reads as files: offerings that the operator describes, an authority of the site's own. */}}
{{- define "karpenter.cloudstackFiles" -}}
{{- $block := .Values.cloudstack | default dict -}}
{{- if and (eq (include "karpenter.provider" .) "cloudstack") (or $block.offerings $block.caBundle) -}}yes{{- end -}}
{{- end -}}

{{/* A Secret whose keys are environment variables, as the older GPU controller had it. What is said above wins over it. */}}
{{- define "karpenter.envFrom" -}}
{{- if eq (include "karpenter.provider" .) "scaleway" -}}
- secretRef:
    name: {{ include "karpenter.existingSecret" . | default "scaleway-credentials" }}
    optional: true
{{- end -}}
{{- end -}}

{{- define "karpenter.credentialsEnv" -}}
{{- $secret := include "karpenter.secretName" . -}}
{{- $variables := dict
  "ovh" (dict "applicationKey" "OVH_APPLICATION_KEY" "applicationSecret" "OVH_APPLICATION_SECRET" "consumerKey" "OVH_CONSUMER_KEY" "clientId" "OVH_CLIENT_ID" "clientSecret" "OVH_CLIENT_SECRET" "accessToken" "OVH_ACCESS_TOKEN")
  "scaleway" (dict "accessKey" "SCW_ACCESS_KEY" "secretKey" "SCW_SECRET_KEY")
  "cloudstack" (dict "apiKey" "CLOUDSTACK_API_KEY" "secretKey" "CLOUDSTACK_SECRET_KEY") -}}
{{- /* The address stands in the Secret too; a value of the chart wins over it. */}}
{{- if and $secret (eq (include "karpenter.provider" .) "cloudstack") (not .Values.cloudstack.apiUrl) }}
{{- $_ := set (get $variables "cloudstack") "apiUrl" "CLOUDSTACK_API_URL" }}
{{- end }}
{{- if $secret }}
{{- range $key, $name := get $variables (include "karpenter.provider" .) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
      optional: true
{{- end }}
{{- end }}
{{- end -}}
