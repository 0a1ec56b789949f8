// The installation commands of the products that came before, on our chart: their release names and their values.

const PROJECT = "0123456789abcdef0123456789abcdef";
const KUBE = "11111111-2222-4333-8444-555555555555";

export interface OlderCommand {
  readonly release: string;
  readonly set: readonly string[];
}

/** By the document that tells it. */
export const INSTALLATIONS = {
  "the Go OVHcloud provider's README": { release: "karpenter", set: [`ovh.serviceName=${PROJECT}`] },
  "its French documentation and its demonstration": {
    release: "karpenter-ovhcloud",
    set: [`ovh.serviceName=${PROJECT}`, `ovh.kubeId=${KUBE}`, "ovh.region=GRA7"],
  },
  "the Go CloudStack provider's README": {
    release: "karpenter-cloudstack",
    set: [
      "cloudstack.apiUrl=https://your-cloudstack-api.com",
      "cloudstack.apiKey=YOUR_API_KEY",
      "cloudstack.secretKey=YOUR_SECRET_KEY",
      "clusterName=my-cluster",
    ],
  },
} as const satisfies Readonly<Record<string, OlderCommand>>;
