// Every environment variable of the provider, for the reference page; settings.ts reads them.

import type { ProviderVariable } from "@karpenter-multicloud/core/options";

export const SCALEWAY_VARIABLES: readonly ProviderVariable[] = [
  { name: "SCW_ACCESS_KEY", form: "SCW and 17 characters", defaultValue: "required", help: "Access key." },
  { name: "SCW_SECRET_KEY", form: "UUID", defaultValue: "required", help: "Secret key of the access key." },
  {
    name: "SCW_DEFAULT_PROJECT_ID",
    form: "UUID",
    defaultValue: "required",
    help: "Project of everything that is made, for classes that name none.",
  },
  { name: "SCW_DEFAULT_ORGANIZATION_ID", form: "UUID", defaultValue: "", help: "Organisation of the project." },
  { name: "SCW_DEFAULT_REGION", form: "region", defaultValue: "fr-par", help: "Region of the calls that need one." },
  { name: "SCW_DEFAULT_ZONE", form: "zone", defaultValue: "fr-par-1", help: "Zone of classes that name none." },
  { name: "SCW_API_URL", form: "URL", defaultValue: "`https://api.scaleway.com`", help: "Where the API is." },
  {
    name: "CLUSTER_ENDPOINT",
    form: "host:port or https URL",
    defaultValue: "the cluster's",
    help: "API server as machines reach it, for clusters that do not tell.",
  },
  { name: "SCW_QPS", form: "0.1 to 1000", defaultValue: "10", help: "Calls to the API per second." },
  { name: "SCW_BURST", form: "1 to 10000", defaultValue: "20", help: "Calls at once after a quiet time." },
  { name: "SCW_MAX_IN_FLIGHT", form: "1 to 1000", defaultValue: "16", help: "Calls under way at the same time." },
  { name: "SCW_CATALOG_TTL", form: "duration", defaultValue: "1h", help: "How long types and prices are believed." },
  {
    name: "SCW_AVAILABILITY_TTL",
    form: "duration",
    defaultValue: "60s",
    help: "How long it is believed which types are to be had.",
  },
  {
    name: "SCW_GC_INTERVAL",
    form: "duration",
    defaultValue: "2m",
    help: "How often servers without NodeClaim are looked for.",
  },
  {
    name: "SCW_GC_MIN_AGE",
    form: "duration",
    defaultValue: "5m",
    help: "How long such a server must have been seen before it is removed.",
  },
  {
    name: "VM_MEMORY_OVERHEAD_PERCENT",
    form: "0 to 0.5",
    defaultValue: "0.075",
    help: "Part of a type's memory that nodes do not show, until one was seen.",
  },
  { name: "SCW_MIN_MEMORY", form: "quantity", defaultValue: "2Gi", help: "Types with less memory are left out." },
  {
    name: "SCW_END_OF_SERVICE_DRIFT",
    form: "true|false",
    defaultValue: "false",
    help: "Replace machines of types that Scaleway will stop (`EndOfServiceDrift`).",
  },
  {
    name: "SCW_APPROVE_SERVING_CERTIFICATES",
    form: "true|false",
    defaultValue: "false",
    help: "Approve the certificates that kubelets of these machines ask for their own port.",
  },
  {
    name: "SCW_MAX_LAUNCH_ATTEMPTS",
    form: "1 to 1000",
    defaultValue: "20",
    help: "Offerings that are tried for one machine.",
  },
  {
    name: "SCW_MAX_CONCURRENT_CREATES",
    form: "1 to 1000",
    defaultValue: "10",
    help: "Machines made at the same time in one zone.",
  },
  {
    name: "SCW_PRICE_ROOT_VOLUME_GB_HOUR",
    form: "0 to 10",
    defaultValue: "0",
    help: "Tariff in euros that the API does not tell.",
  },
  {
    name: "SCW_PRICE_PUBLIC_IPV4_HOUR",
    form: "0 to 10",
    defaultValue: "0",
    help: "Tariff in euros that the API does not tell.",
  },
  {
    name: "SCW_INSTANCE_TYPE_ALIASES",
    form: "name=TYPE,…",
    defaultValue: "",
    help: "Friendly names of types, beside `l4`, `l40s`, `h100` and the like.",
  },
];
