// Every environment variable of the provider, for the reference page; settings.ts reads them.

import type { ProviderVariable } from "@karpenter-multicloud/core/options";

const CREDENTIALS = "in a Secret that an OVHNodeClass names, the key without OVH_ in camel case";

export const OVH_VARIABLES: readonly ProviderVariable[] = [
  {
    name: "OVH_ENDPOINT",
    form: "ovh-eu|ovh-ca|ovh-us|URL",
    defaultValue: "ovh-eu",
    help: "Where the API is. http is taken for this machine only.",
  },
  {
    name: "OVH_SERVICE_NAME",
    form: "32 hexadecimal characters",
    defaultValue: "",
    help: "Public Cloud project id, for OVHNodeClasses that name none.",
  },
  { name: "OVH_KUBE_ID", form: "UUID", defaultValue: "found", help: "Id of the MKS cluster the controller runs in." },
  {
    name: "OVH_REGION",
    form: "region such as EU-WEST-PAR",
    defaultValue: "the cluster's",
    help: "Only compared with the cluster's region.",
  },
  { name: "OVH_APPLICATION_KEY", form: "text", defaultValue: "", help: `Application key; ${CREDENTIALS}.` },
  { name: "OVH_APPLICATION_SECRET", form: "text", defaultValue: "", help: "Secret of the application key." },
  { name: "OVH_CONSUMER_KEY", form: "text", defaultValue: "", help: "Consumer key that the application key may use." },
  {
    name: "OVH_CLIENT_ID",
    form: "text",
    defaultValue: "",
    help: "Service account (OAuth2), instead of the three keys.",
  },
  { name: "OVH_CLIENT_SECRET", form: "text", defaultValue: "", help: "Secret of the service account." },
  {
    name: "OVH_ACCESS_TOKEN",
    form: "text",
    defaultValue: "",
    help: "A ready access token, instead of the others. It is not renewed.",
  },
  {
    name: "OVH_SUBSIDIARY",
    form: "FR, DE, CA, US, …",
    defaultValue: "FR, CA or US by endpoint",
    help: "Whose price list applies.",
  },
  {
    name: "OVH_CA_FILE",
    form: "path",
    defaultValue: "",
    help: "PEM file of an authority to trust besides the public ones.",
  },
  {
    name: "OVH_TRANSPORT",
    form: "node-ovh|native",
    defaultValue: "by credentials",
    help: "What carries the calls. node-ovh, except for service accounts, tokens, http and where HTTPS_PROXY, HTTP_PROXY or ALL_PROXY is set.",
  },
  { name: "OVH_QPS", form: "number", defaultValue: "5", help: "Calls to the API per second." },
  { name: "OVH_BURST", form: "number", defaultValue: "10", help: "Calls at once after a quiet time." },
  { name: "OVH_MAX_IN_FLIGHT", form: "number", defaultValue: "4", help: "Calls under way at the same time." },
  {
    name: "OVH_MAX_POOLS",
    form: "number",
    defaultValue: "100",
    help: "Node pools the cluster may have, those of others included.",
  },
  {
    name: "OVH_MAX_NODES_PER_POOL",
    form: "1 to 999",
    defaultValue: "100",
    help: "Machines of one pool; further ones get another pool.",
  },
  {
    name: "OVH_MAX_NODES_PER_CLUSTER",
    form: "number",
    defaultValue: "100 on the Free plan, 500 on Standard",
    help: "Machines of the whole cluster.",
  },
  {
    name: "OVH_EMPTY_POOL_TTL",
    form: "duration",
    defaultValue: "10m",
    help: "How long an empty pool is kept; the next scale-up is a little faster with it.",
  },
  {
    name: "OVH_SURPLUS_TTL",
    form: "duration",
    defaultValue: "10m",
    help: "How long a machine that no NodeClaim has is kept; at least 30 minutes with GPUs.",
  },
  {
    name: "OVH_DELETE_MODE",
    form: "pool|node",
    defaultValue: "pool",
    help: "pool names machines while it lowers the pool; node deletes each by a call of its own, which needs the right DELETE …/node/*.",
  },
  {
    name: "OVH_CANCEL_PENDING",
    form: "true|false",
    defaultValue: "true",
    help: "Machines still being installed that no NodeClaim waits for any more go after a minute.",
  },
  {
    name: "OVH_DELETING_IS_GONE",
    form: "true|false",
    defaultValue: "true",
    help: "A NodeClaim ends when its machine is being deleted; false waits until it is deleted.",
  },
  {
    name: "OVH_ADOPT_REPLACEMENTS",
    form: "false",
    defaultValue: "false",
    help: "Only false is possible: a machine that MKS made as a replacement goes to a waiting NodeClaim, or away.",
  },
  {
    name: "OVH_EARLY_TAINT",
    form: "true|false",
    defaultValue: "true",
    help: "Young nodes get the unregistered taint, so that no pod starts before they are registered.",
  },
  {
    name: "OVH_ADOPT_LEGACY_POOLS",
    form: "true|false",
    defaultValue: "false",
    help: "Take over node pools of the Go provider.",
  },
  {
    name: "OVH_REPAIR_TOLERATION",
    form: "duration",
    defaultValue: "25m",
    help: "How long a node may be NotReady before it is replaced; longer than MKS takes to heal it.",
  },
  {
    name: "OVH_VM_MEMORY_OVERHEAD_PERCENT",
    form: "0 to 0.5",
    defaultValue: "0.05",
    help: "Part of a flavor's memory that nodes do not show, until one was seen.",
  },
  {
    name: "OVH_DEFAULT_ZONE",
    form: "zone",
    defaultValue: "that of existing nodes, else nova",
    help: "Zone label of nodes in regions with one zone.",
  },
  {
    name: "OVH_PRICING_INTERVAL",
    form: "duration|off",
    defaultValue: "12h",
    help: "How often the order catalogue is read; off uses the bundled prices.",
  },
  {
    name: "OVH_MONTHLY_FAMILIES",
    form: "family,…",
    defaultValue: "b2,c2,r2,d2",
    help: "Flavor families that can be billed by the month.",
  },
];
