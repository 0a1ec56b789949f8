// docs/reference/settings-ovh.md: every environment variable of the OVHcloud provider.

import { OVH_VARIABLES } from "../../packages/provider-ovh/src/settings-list.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

export function ovhSettingsPage(): GeneratedSet {
  return pageSet({
    path: "docs/reference/settings-ovh.md",
    source: "packages/provider-ovh/src/settings-list.ts",
    title: "Settings of the OVHcloud provider",
    introduction:
      "Variables of the controller with `--provider ovh`. One that cannot be read stops the process, and every mistake is named at once. " +
      "In the chart they are `ovh.endpoint`, `ovh.serviceName`, `ovh.kubeId`, `ovh.region`, `ovh.adoptLegacyPools` and `ovh.credentials.*`; " +
      "all others are keys of `ovh.settings`, without `OVH_` and in camel case: `deleteMode`, `emptyPoolTtl`.",
    head: ["Variable", "Form", "Default", "Meaning"],
    rows: OVH_VARIABLES.map(({ name, form, defaultValue, help }) => [
      `\`${name}\``,
      form,
      defaultValue === "" ? "none" : defaultValue,
      help,
    ]),
  });
}
