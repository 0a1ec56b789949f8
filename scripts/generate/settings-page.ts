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
      "A provider's own variables stand on a page of their own: " +
      "[OVHcloud](settings-ovh.md), [Scaleway](settings-scaleway.md), [CloudStack](settings-cloudstack.md).",
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
