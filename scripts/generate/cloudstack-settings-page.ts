// docs/reference/settings-cloudstack.md: every environment variable of the CloudStack provider.

import { CLOUDSTACK_VARIABLES } from "../../packages/provider-cloudstack/src/settings-list.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

export function cloudStackSettingsPage(): GeneratedSet {
  return pageSet({
    path: "docs/reference/settings-cloudstack.md",
    source: "packages/provider-cloudstack/src/settings-list.ts",
    title: "Settings of the CloudStack provider",
    introduction:
      "Variables of the controller with `--provider cloudstack`. One that cannot be read stops the process, and every mistake is named at once. " +
      "In the chart they are `cloudstack.apiUrl`, `projectId`, `region`, `verifySSL`, `caBundle`, `expungePolicy`, `offerings`, `offeringLabelKeys`, " +
      "`instanceTypeAliases`, `pricing` and the credentials; all others are keys of `cloudstack.settings`, without `CLOUDSTACK_` and in camel case: `deployWait`, `apiQps`.",
    head: ["Variable", "Form", "Default", "Meaning"],
    rows: CLOUDSTACK_VARIABLES.map(({ name, form, defaultValue, help }) => [
      `\`${name}\``,
      form,
      defaultValue === "" ? "none" : defaultValue,
      help,
    ]),
  });
}
