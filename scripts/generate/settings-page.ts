// docs/reference/settings.md: every flag and environment variable of the controller.

import { FLAGS } from "../../packages/core/src/options/index.ts";
import type { GeneratedSet } from "./files.ts";
import { pageSet } from "./markdown.ts";

export function settingsPage(): GeneratedSet {
  return pageSet({
    path: "docs/reference/settings.md",
    source: "packages/core/src/options/flags.ts",
    title: "Settings",
    introduction:
      "A flag wins over its environment variable. A flag that cannot be read stops the process and names every mistake at once; " +
      "a variable that cannot be read is logged and its default is used. " +
      "In the chart most of them are keys of `settings` in camel case, such as `settings.batchMaxDuration`, and the feature gates keys of `settings.featureGates`, such as `nodeRepair`. " +
      "`provider`, `clusterName`, `mode`, `logLevel`, `logOutputPaths` and `logErrorOutputPaths` stand at the top of the values, the ports under `controller`. " +
      "What the chart has no key for is an entry of `controller.env`: `{name: TAINT_SETTLE_TIME, value: 5s}`. " +
      "A provider's own variables stand on pages of their own: [OVHcloud](settings-ovh.md), [Scaleway](settings-scaleway.md), [CloudStack](settings-cloudstack.md).",
    head: ["Flag", "Variable", "Form", "Default", "Meaning"],
    rows: FLAGS.map((flag) => [
      `\`--${flag.name}\``,
      `\`${flag.env}\``,
      flag.form,
      flag.default === undefined ? "required" : flag.default === "" ? "none" : `\`${flag.default}\``,
      flag.help,
    ]),
  });
}
