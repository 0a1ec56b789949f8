#!/usr/bin/env bash
# Checks what the demonstration needs: tools, variables, cluster, OVHcloud API. Changes nothing; ends with 1 when something is missing.
set -u

failures=0
ok() { printf 'ok       %s\n' "$1"; }
note() { printf 'note     %s\n' "$1"; }
fail() {
  printf 'MISSING  %s\n' "$1"
  failures=$((failures + 1))
}

for tool in kubectl helm envsubst; do
  if command -v "$tool" >/dev/null 2>&1; then ok "$tool is installed"; else fail "$tool: install it"; fi
done

for name in OVH_APPLICATION_KEY OVH_APPLICATION_SECRET OVH_CONSUMER_KEY OVH_SERVICE_NAME OVH_KUBE_ID OVH_REGION; do
  if [ -n "${!name:-}" ]; then ok "$name is set"; else fail "$name: export it"; fi
done
if [ -n "${OVH_SERVICE_NAME:-}" ] && ! [[ $OVH_SERVICE_NAME =~ ^[0-9a-f]{32}$ ]]; then
  fail "OVH_SERVICE_NAME: a Public Cloud project id has 32 characters of 0-9 and a-f"
fi

if kubectl get nodes >/dev/null 2>&1; then ok "kubectl reaches the cluster"; else fail "kubectl get nodes: check KUBECONFIG"; fi
# The name is spelled out: MKS has a kind nodepools of its own.
for crd in nodepools.karpenter.sh nodeclaims.karpenter.sh ovhnodeclasses.karpenter.ovhcloud.sh; do
  if kubectl get customresourcedefinition "$crd" >/dev/null 2>&1; then
    ok "$crd is served"
  else
    note "$crd is not served yet: the chart brings it"
  fi
done

# A name, or a URL with /1.0.
case "${OVH_ENDPOINT:-ovh-eu}" in
  ovh-eu) api=https://eu.api.ovh.com/1.0 ;;
  ovh-ca) api=https://ca.api.ovh.com/1.0 ;;
  ovh-us) api=https://api.us.ovhcloud.com/1.0 ;;
  *) api=$OVH_ENDPOINT ;;
esac

# $1: path. Answers the HTTP status. The signature covers method, URL, body and time.
get() {
  local url="$api$1" now signature
  now=$(curl -sf "$api/auth/time") || { echo 000; return; }
  signature=$(printf '%s+%s+GET+%s++%s' "$OVH_APPLICATION_SECRET" "$OVH_CONSUMER_KEY" "$url" "$now" | sha1sum | cut -d' ' -f1)
  curl -s -o /dev/null -w '%{http_code}' "$url" -H "X-Ovh-Application: $OVH_APPLICATION_KEY" \
    -H "X-Ovh-Consumer: $OVH_CONSUMER_KEY" -H "X-Ovh-Timestamp: $now" -H "X-Ovh-Signature: \$1\$$signature"
}

check_api() {
  local project="/cloud/project/$OVH_SERVICE_NAME" path status
  for path in "$project/kube/$OVH_KUBE_ID" "$project/kube/$OVH_KUBE_ID/nodepool" "$project/kube/$OVH_KUBE_ID/flavors" \
    "$project/capabilities/kube/flavors?region=$OVH_REGION"; do
    status=$(get "$path")
    case $status in
      200) ok "GET $path" ;;
      000) fail "GET $path: the API at $api cannot be reached" ;;
      403) fail "GET $path: refused; the keys are wrong, or this call was not granted" ;;
      404) fail "GET $path: not found; check OVH_SERVICE_NAME and OVH_KUBE_ID" ;;
      *) fail "GET $path: status $status" ;;
    esac
  done
}

if ! command -v curl >/dev/null 2>&1 || ! command -v sha1sum >/dev/null 2>&1; then
  note "curl or sha1sum is not installed: the API is not asked"
elif [ "$failures" -gt 0 ]; then
  note "the API is asked once all of the above is there"
else
  check_api
fi

if [ "$failures" -gt 0 ]; then
  printf '\n%s missing\n' "$failures"
  exit 1
fi
printf '\neverything is there\n'
