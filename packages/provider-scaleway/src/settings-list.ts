// Every environment variable of the provider, for the reference page; settings.ts reads them.

import type { ProviderVariable } from "@karpenter-multicloud/core/options";

export const SCALEWAY_VARIABLES: readonly ProviderVariable[] = [
  { name: "SCW_ACCESS_KEY", form: "SCW and 17 letters or digits", defaultValue: "required", help: "Access key." },
  { name: "SCW_SECRET_KEY", form: "UUID", defaultValue: "required", help: "Secret key of the access key." },
  {
    name: "SCW_DEFAULT_PROJECT_ID",
    form: "UUID",
    defaultValue: "required",
    help: "Project that machines are bought in, for classes that name none.",
  },
  { name: "SCW_DEFAULT_ORGANIZATION_ID", form: "UUID", defaultValue: "", help: "Organisation of the project." },
  {
    name: "SCW_DEFAULT_REGION",
    form: "region such as fr-par",
    defaultValue: "fr-par",
    help: "Region of classes that name none.",
  },
  {
    name: "SCW_DEFAULT_ZONE",
    form: "zone such as fr-par-1",
    defaultValue: "fr-par-1",
    help: "Zone of classes that name none.",
  },
  { name: "SCW_API_URL", form: "URL", defaultValue: "Scaleway's", help: "Where the API is." },
  {
    name: "CLUSTER_ENDPOINT",
    form: "host:port or https://host:port",
    defaultValue: "found",
    help: "API server as machines reach it, where the cluster does not tell.",
  },
  { name: "SCW_QPS", form: "0.1 to 1000", defaultValue: "10", help: "Calls to the API per second." },
  { name: "SCW_BURST", form: "1 to 10000", defaultValue: "20", help: "Calls at once after a quiet time." },
  { name: "SCW_MAX_IN_FLIGHT", form: "1 to 1000", defaultValue: "16", help: "Calls under way at the same time." },
  { name: "SCW_CATALOG_TTL", form: "duration", defaultValue: "1h", help: "How long the list of types is believed." },
  {
    name: "SCW_AVAILABILITY_TTL",
    form: "duration",
    defaultValue: "60s",
    help: "How long it is believed which types can be had.",
  },
  {
    name: "SCW_GC_INTERVAL",
    form: "duration",
    defaultValue: "2m",
    help: "How often servers without NodeClaim are looked for; every 10 seconds in a process's first minutes.",
  },
  {
    name: "SCW_GC_MIN_AGE",
    form: "duration",
    defaultValue: "5m",
    help: "How long such a server must have been seen before it goes.",
  },
  { name: "SCW_MIN_MEMORY", form: "quantity", defaultValue: "2Gi", help: "Types with less are left out." },
  {
    name: "VM_MEMORY_OVERHEAD_PERCENT",
    form: "0 to 0.5",
    defaultValue: "0.075",
    help: "Share of a type's memory that the hypervisor keeps, until a machine has told.",
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
    help: "Tariff of root volumes, which the API does not tell.",
  },
  {
    name: "SCW_PRICE_PUBLIC_IPV4_HOUR",
    form: "0 to 10",
    defaultValue: "0",
    help: "Tariff of public addresses, which the API does not tell.",
  },
  {
    name: "SCW_INSTANCE_TYPE_ALIASES",
    form: "name=TYPE,…",
    defaultValue: "",
    help: "More friendly names of types, beside l4, l40s, h100 and the like.",
  },
  {
    name: "SCW_APPROVE_SERVING_CERTIFICATES",
    form: "true|false",
    defaultValue: "false",
    help: "Approve the serving certificates of the kubelets of these machines.",
  },
  {
    name: "SCW_END_OF_SERVICE_DRIFT",
    form: "true|false",
    defaultValue: "false",
    help: "Replace machines of types that Scaleway will stop (EndOfServiceDrift).",
  },
];
