// All commands, and the one that describes them: cmk builds its own table from it.

import { ACCOUNT_COMMANDS } from "./accounts.ts";
import { CATALOGUE_COMMANDS } from "./catalogue.ts";
import type { Command, Json } from "./command.ts";
import { listed } from "./command.ts";
import { GROUP_COMMANDS } from "./groups.ts";
import { JOB_COMMANDS } from "./jobs.ts";
import { KUBERNETES_COMMANDS } from "./kubernetes.ts";
import { MACHINE_COMMANDS } from "./machines.ts";
import { TAG_COMMANDS } from "./tags.ts";
import { VOLUME_COMMANDS } from "./volumes.ts";

/** listVirtualMachines: "list virtual machines". */
function words(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

function described({ name, isAsync, params }: Command): Json {
  return {
    name,
    description: words(name),
    since: "",
    isasync: isAsync === true,
    related: "",
    params: params.map((param) => ({
      name: param.replace("!", ""),
      description: words(param.replace("!", "")),
      type: typeOf(param.replace("!", "")),
      length: 255,
      required: param.endsWith("!"),
      since: "",
      related: "",
    })),
    response: [{ name: "id", description: "id", type: "string" }],
  };
}

function typeOf(name: string): string {
  if (name === "tags" || name === "details" || name.endsWith("details")) return "map";
  if (name.endsWith("ids") || name === "keypairs") return "list";
  if (name === "page" || name === "pagesize" || name === "size" || name === "rootdisksize") return "integer";
  return name === "id" || name.endsWith("id") ? "uuid" : "string";
}

const LIST_APIS: Command = {
  name: "listApis",
  params: ["name", "listall"],
  handle: (call) => {
    const name = call.params.text("name");
    const { deniedCommands } = call.backend.switches;
    const open = [...COMMANDS.values()].filter(
      (command) =>
        (command.access !== "admin" || call.caller.type === 1) &&
        !deniedCommands.includes(command.name) &&
        (name === undefined || command.name === name),
    );
    return listed(call, "api", open.map(described));
  },
};

export const COMMANDS: ReadonlyMap<string, Command> = new Map(
  [
    ...CATALOGUE_COMMANDS,
    ...MACHINE_COMMANDS,
    ...VOLUME_COMMANDS,
    ...TAG_COMMANDS,
    ...GROUP_COMMANDS,
    ...ACCOUNT_COMMANDS,
    ...JOB_COMMANDS,
    ...KUBERNETES_COMMANDS,
    LIST_APIS,
  ].map((command) => [command.name, command]),
);
