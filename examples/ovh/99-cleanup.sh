#!/usr/bin/env bash
# Takes the demonstration away again: workloads, machines, then Karpenter. CRDs go with DELETE_CRDS=yes.
# RELEASE (karpenter-ovhcloud), NAMESPACE (karpenter) and TIMEOUT in seconds (900) may be set.
set -u
release=${RELEASE:-karpenter-ovhcloud}
namespace=${NAMESPACE:-karpenter}
timeout=${TIMEOUT:-900}
pools="demo-pool multi-flavor multizone monthly-pool"

kubectl delete deployment inflate small-workload large-workload zone-spread --namespace default --ignore-not-found

# The name is spelled out: MKS has a kind nodepools of its own.
# shellcheck disable=SC2086
kubectl delete nodepools.karpenter.sh $pools --ignore-not-found --wait=false

# Fails when the API server does not answer: silence is not emptiness.
left() {
  for pool in $pools; do
    kubectl get nodes,nodeclaims.karpenter.sh --selector "karpenter.sh/nodepool=$pool" --output name || return 1
  done
}

echo "waiting for the machines to go; MKS drains each for up to ten minutes"
waited=0
until remaining=$(left) && [ -z "$remaining" ]; do
  if [ "$waited" -ge "$timeout" ]; then
    printf 'still there after %s s, so nothing else is removed:\n%s\n' "$timeout" "$remaining"
    exit 1
  fi
  sleep 2
  waited=$((waited + 2))
done

kubectl delete ovhnodeclasses.karpenter.ovhcloud.sh default monthly-billing high-availability --ignore-not-found
if helm status "$release" --namespace "$namespace" >/dev/null 2>&1; then
  helm uninstall "$release" --namespace "$namespace"
fi
kubectl delete namespace "$namespace" --ignore-not-found

if [ "${DELETE_CRDS:-no}" = yes ]; then
  kubectl delete customresourcedefinition --ignore-not-found nodepools.karpenter.sh nodeclaims.karpenter.sh \
    nodeoverlays.karpenter.sh ovhnodeclasses.karpenter.ovhcloud.sh
fi
echo "everything is gone"
