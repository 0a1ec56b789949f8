// The reference pages of providers' environment variables: docs/reference/settings-<cloud>.md.

import type { ProviderVariable } from "../../packages/core/src/options/index.ts";
import { CLOUDSTACK_VARIABLES } from "../../packages/provider-cloudstack/src/settings-list.ts";
import { OVH_VARIABLES } from "../../packages/provider-ovh/src/settings-list.ts";
import { SCALEWAY_VARIABLES } from "../../packages/provider-scaleway/src/settings-list.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

interface ProviderPage {
  /** As in `--provider`. */
  readonly provider: string;
  readonly cloud: string;
  /** What stands where in the chart. */
  readonly inTheChart: string;
  readonly variables: readonly ProviderVariable[];
}

const PAGES: readonly ProviderPage[] = [
  {
    provider: "ovh",
    cloud: "OVHcloud",
    inTheChart:
      "In the chart they are `ovh.endpoint`, `ovh.serviceName`, `ovh.kubeId`, `ovh.region`, `ovh.adoptLegacyPools` and `ovh.credentials.*`; " +
      "all others are keys of `ovh.settings`, without `OVH_` and in camel case: `deleteMode`, `emptyPoolTtl`.",
    variables: OVH_VARIABLES,
  },
  {
    provider: "scaleway",
    cloud: "Scaleway",
    inTheChart:
      "In the chart they are `scaleway.projectId`, `organizationId`, `region`, `zone`, `apiUrl`, `instanceTypeAliases`, `approveServingCertificates` and the credentials; " +
      "`CLUSTER_ENDPOINT` and `VM_MEMORY_OVERHEAD_PERCENT` are entries of `controller.env`; " +
      "all others are keys of `scaleway.settings`, without `SCW_` and in camel case: `catalogTtl`, `maxInFlight`.",
    variables: SCALEWAY_VARIABLES,
  },
  {
    provider: "cloudstack",
    cloud: "CloudStack",
    inTheChart:
      "In the chart they are `cloudstack.apiUrl`, `projectId`, `region`, `verifySSL`, `caBundle`, `expungePolicy`, `offerings`, `offeringLabelKeys`, " +
      "`instanceTypeAliases`, `pricing` and the credentials; all others are keys of `cloudstack.settings`, without `CLOUDSTACK_` and in camel case: `deployWait`, `apiQps`.",
    variables: CLOUDSTACK_VARIABLES,
  },
];

export function providerSettingsPages(): readonly GeneratedSet[] {
  return PAGES.map(({ provider, cloud, inTheChart, variables }) =>
    pageSet({
      path: `docs/reference/settings-${provider}.md`,
      source: `packages/provider-${provider}/src/settings-list.ts`,
      title: `Settings of the ${cloud} provider`,
      introduction: `Variables of the controller with \`--provider ${provider}\`. One that cannot be read stops the process, and every mistake is named at once. ${inTheChart}`,
      head: ["Variable", "Form", "Default", "Meaning"],
      rows: variables.map(({ name, form, defaultValue, help }) => [
        `\`${name}\``,
        form,
        defaultValue === "" ? "none" : defaultValue,
        help,
      ]),
    }),
  );
}
