// The product's part of the user data as cloud-init reads it: files, then one command that runs the bootstrap script.

import { Document, visit } from "yaml";
import { BootstrapError } from "./bootstrap-error.ts";
import type { BootstrapSettings, JoiningNode, MachineFile } from "./join-plan.ts";

const SCRIPT_PATH = "/etc/karpenter/bootstrap.sh";
export const PRE_SCRIPT_PATH = "/etc/karpenter/pre.sh";
export const POST_SCRIPT_PATH = "/etc/karpenter/post.sh";

/** Begins with #cloud-config. Never upgrades packages: a new kernel or driver breaks GPU images and lengthens every boot. */
export function cloudConfig(
  node: JoiningNode,
  settings: BootstrapSettings,
  files: readonly MachineFile[],
  script: string,
): string {
  const keys = settings.sshKeys ?? [];
  const all = [...files, ...ownScripts(settings), ...(settings.files ?? []), executable(SCRIPT_PATH, script)];
  const document = {
    hostname: checkedName(node.nodeName),
    preserve_hostname: false,
    ...(keys.length > 0 && { ssh_authorized_keys: keys }),
    write_files: all.map(({ path, content, permissions = "0644" }) => ({ path, permissions, content })),
    runcmd: [["bash", SCRIPT_PATH]],
  };
  return `#cloud-config\n${toYaml(document)}`;
}

/** Spelled so that readers of YAML 1.1 (cloud-init) and 1.2 agree on every value. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      // The only spelling of a number that 1.2 knows and 1.1 does not.
      if (typeof scalar.value === "string" && /^0o[0-7]+$/.test(scalar.value)) scalar.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0, directives: false });
}

function ownScripts({ preScript, postScript }: BootstrapSettings): readonly MachineFile[] {
  return [
    ...(preScript ? [executable(PRE_SCRIPT_PATH, preScript)] : []),
    ...(postScript ? [executable(POST_SCRIPT_PATH, postScript)] : []),
  ];
}

function executable(path: string, content: string): MachineFile {
  return { path, content: content.endsWith("\n") ? content : `${content}\n`, permissions: "0700" };
}

/** W-35, C-50: it goes into file names and certificates. */
function checkedName(name: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw new BootstrapError("InvalidNode", `not a name of a node: ${JSON.stringify(name)}`);
}
