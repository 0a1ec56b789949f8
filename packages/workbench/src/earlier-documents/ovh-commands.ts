// The commands of the Go OVHcloud provider's README, French documentation and demonstration guide, and what to type here.

export interface OldCommand {
  readonly typed: string;
  /** Left out where the command works as it stands. */
  readonly here?: string;
}

/** Where the documents stood, `charts/karpenter-ovhcloud` was beside the demonstration; here the chart is `charts`. */
export const OVH_COMMANDS: readonly OldCommand[] = [
  // README
  { typed: "kubectl create namespace karpenter" },
  {
    typed:
      "kubectl create secret generic ovh-credentials -n karpenter --from-literal=applicationKey=YOUR_APP_KEY --from-literal=applicationSecret=YOUR_APP_SECRET --from-literal=consumerKey=YOUR_CONSUMER_KEY",
  },
  { typed: "helm install karpenter ./charts --namespace karpenter --set ovh.serviceName=YOUR_PROJECT_ID" },
  { typed: "kubectl get nodes -w" },
  { typed: "kubectl logs -n karpenter -l app.kubernetes.io/name=karpenter" },
  { typed: "kubectl get pods --field-selector=status.phase=Pending" },
  { typed: "kubectl get secret ovh-credentials -n karpenter -o yaml" },
  // French documentation
  {
    typed: "kubectl apply -f ovhcloud/charts/karpenter-ovhcloud/crds/ovhnodeclass-crd.yaml",
    here: "kubectl apply -f charts/crds/ovhnodeclasses.karpenter.ovhcloud.sh.yaml",
  },
  {
    typed: "helm install karpenter-ovhcloud ./ovhcloud/charts/karpenter-ovhcloud",
    here: "helm install karpenter-ovhcloud ./charts",
  },
  { typed: "kubectl get nodes" },
  { typed: "kubectl get nodepools", here: "kubectl get nodepools.karpenter.sh" },
  { typed: "kubectl get nodeclaims" },
  { typed: "kubectl scale deployment/inflate --replicas=10" },
  { typed: "kubectl get nodeclaims -w" },
  { typed: "kubectl get pods -w" },
  { typed: "kubectl logs -n karpenter -l app.kubernetes.io/name=karpenter-ovhcloud -f" },
  { typed: "kubectl scale deployment/inflate --replicas=0" },
  { typed: "kubectl describe ovhnodeclass default" },
  { typed: "kubectl logs -n karpenter -l app.kubernetes.io/name=karpenter-ovhcloud" },
  { typed: "kubectl get events -n karpenter" },
  // Demonstration
  { typed: "./00-verify-prereqs.sh" },
  { typed: "envsubst < 01-namespace-secret.yaml | kubectl apply -f -" },
  {
    typed: "helm install karpenter-ovhcloud ../charts/karpenter-ovhcloud",
    here: "helm install karpenter-ovhcloud ../../charts",
  },
  { typed: "kubectl get pods -n karpenter" },
  { typed: "watch kubectl get nodes" },
  { typed: "watch kubectl get nodeclaims" },
  { typed: "envsubst < 02-ovhnodeclass.yaml | kubectl apply -f -" },
  { typed: "kubectl apply -f 03-nodepool-basic.yaml" },
  { typed: "kubectl apply -f 04-inflate.yaml" },
  { typed: "kubectl scale deployment/inflate --replicas=3" },
  { typed: "kubectl apply -f 05-nodepool-multi-flavor.yaml" },
  { typed: "kubectl apply -f 06-small-workload.yaml" },
  { typed: "kubectl get nodeclaims -o wide" },
  { typed: "kubectl apply -f 07-large-workload.yaml" },
  { typed: "kubectl apply -f 08-nodepool-multizone.yaml" },
  { typed: "kubectl apply -f 09-zone-spread.yaml" },
  { typed: "kubectl get nodes -L topology.kubernetes.io/zone" },
  { typed: "envsubst < 10-ovhnodeclass-monthly.yaml | kubectl apply -f -" },
  { typed: "kubectl apply -f 11-nodepool-monthly.yaml" },
  { typed: "envsubst < 12-ovhnodeclass-antiaffinity.yaml | kubectl apply -f -" },
  { typed: "kubectl describe nodepool demo-pool", here: "kubectl describe nodepools.karpenter.sh demo-pool" },
  { typed: "kubectl get events -n karpenter --sort-by='.lastTimestamp'" },
  { typed: "./99-cleanup.sh" },
];
