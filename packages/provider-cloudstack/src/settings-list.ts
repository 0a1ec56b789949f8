// Every environment variable of the provider, for the reference page; settings.ts reads them.

import type { ProviderVariable } from "@karpenter-multicloud/core/options";

export const CLOUDSTACK_VARIABLES: readonly ProviderVariable[] = [
  {
    name: "CLOUDSTACK_API_URL",
    form: "URL",
    defaultValue: "required",
    help: "Address of the API, `https://host/client/api`. Without a path the API is looked for there, then at `/client/api`.",
  },
  { name: "CLOUDSTACK_API_KEY", form: "text", defaultValue: "required", help: "API key of the account." },
  { name: "CLOUDSTACK_SECRET_KEY", form: "text", defaultValue: "required", help: "Secret key of the API key." },
  {
    name: "CLOUDSTACK_VERIFY_SSL",
    form: "true|false",
    defaultValue: "true",
    help: "`false`, `0`, `no` and `off` accept any certificate, for these calls only.",
  },
  {
    name: "CLOUDSTACK_CA_BUNDLE",
    form: "path",
    defaultValue: "",
    help: "PEM file of authorities to trust besides the public ones.",
  },
  {
    name: "CLOUDSTACK_CLOUD_CONFIG",
    form: "path",
    defaultValue: "",
    help: "INI file of CloudStack's cloud controller manager; its `[Global]` stands for variables that are not set.",
  },
  {
    name: "CLOUDSTACK_PROJECT_ID",
    form: "UUID",
    defaultValue: "",
    help: "Project of classes that name neither a project nor a key of their own.",
  },
  {
    name: "CLOUDSTACK_REGION",
    form: "label value",
    defaultValue: "",
    help: "Becomes `topology.kubernetes.io/region` of nodes.",
  },
  {
    name: "CLUSTER_ENDPOINT",
    form: "host:port or https://host:port",
    defaultValue: "found",
    help: "API server as machines reach it, where the cluster does not tell. In the chart an entry of `controller.env`.",
  },
  { name: "CLOUDSTACK_TIMEOUT_SECONDS", form: "1 to 3600", defaultValue: "60", help: "Of a single call." },
  {
    name: "CLOUDSTACK_HTTP_METHOD",
    form: "auto|get|post",
    defaultValue: "auto",
    help: "auto reads by GET and writes by POST.",
  },
  {
    name: "CLOUDSTACK_API_QPS",
    form: "0.1 to 1000",
    defaultValue: "10",
    help: "Calls per second of each key; four fifths of what the server allows where that is less.",
  },
  { name: "CLOUDSTACK_API_BURST", form: "1 to 10000", defaultValue: "20", help: "Calls at once after a quiet time." },
  {
    name: "CLOUDSTACK_DEPLOY_WAIT",
    form: "duration",
    defaultValue: "4m",
    help: "How long a launch waits for its machine before it is only watched.",
  },
  {
    name: "CLOUDSTACK_MAX_CONCURRENT_DEPLOYS",
    form: "1 to 1000",
    defaultValue: "10",
    help: "Machines ordered at the same time in one zone; with affinity groups it is one.",
  },
  {
    name: "CLOUDSTACK_EXPUNGE_POLICY",
    form: "Auto|Always|Never",
    defaultValue: "Auto",
    help: "Whether machines are removed for good, for classes that do not say.",
  },
  {
    name: "CLOUDSTACK_USERDATA_MAX_LENGTH",
    form: "1024 to 1048576",
    defaultValue: "the server's, else 32768",
    help: "Longest user data, in base64. The server's is read where the account may call listConfigurations.",
  },
  {
    name: "CLOUDSTACK_OFFERINGS_FILE",
    form: "path",
    defaultValue: "",
    help: "JSON file that tags, prices and names offerings: the chart's `cloudstack.offerings`.",
  },
  {
    name: "CLOUDSTACK_OFFERING_LABEL_KEYS",
    form: "key,…",
    defaultValue: "",
    help: "Details of offerings that become labels of nodes.",
  },
  {
    name: "CLOUDSTACK_INSTANCE_TYPE_ALIASES",
    form: "offering=type,…",
    defaultValue: "",
    help: "Other names of instance types.",
  },
  { name: "CLOUDSTACK_PRICE_CPU_HOUR", form: "number", defaultValue: "0.04", help: "Of the price formula." },
  { name: "CLOUDSTACK_PRICE_MEMORY_GIB_HOUR", form: "number", defaultValue: "0.005", help: "Of the price formula." },
  { name: "CLOUDSTACK_PRICE_GPU_HOUR", form: "number", defaultValue: "1", help: "Of the price formula." },
  { name: "CLOUDSTACK_PRICE_ROOT_GIB_HOUR", form: "number", defaultValue: "0.0001", help: "Of the price formula." },
  {
    name: "CLOUDSTACK_CURRENCY",
    form: "three letters",
    defaultValue: "XXX",
    help: "What prices are in. XXX means no currency.",
  },
  {
    name: "CLOUDSTACK_QUOTA_PRICES",
    form: "true|false",
    defaultValue: "false",
    help: "Ask the quota plugin for tariffs before the formula.",
  },
];
