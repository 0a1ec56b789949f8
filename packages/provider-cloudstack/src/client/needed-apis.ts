// Which commands an account's role must allow, and which it lacks: found out at the start, not at the first launch (§12).

/** Without one of these no machine can be bought, found or removed. */
const NEEDED_APIS: readonly string[] = [
  "createTags",
  "deleteTags",
  "deployVirtualMachine",
  "destroyVirtualMachine",
  "listCapabilities",
  "listDiskOfferings",
  "listNetworks",
  "listServiceOfferings",
  "listTemplates",
  "listVirtualMachines",
  "listVolumes",
  "listZones",
  "queryAsyncJobResult",
];

/** Each goes with something that does not work without it. */
export const RECOMMENDED_APIS: Readonly<Record<string, string>> = {
  createAffinityGroup: "affinityGroups.managed",
  deleteAffinityGroup: "affinityGroups.managed",
  deleteVolume: "data disks that nobody uses stay",
  expungeVirtualMachine: "names and addresses of removed machines stay taken for a day",
  listAccounts: "limits are only noticed when they are reached",
  listAffinityGroups: "affinityGroups",
  listProjects: "project",
  listSSHKeyPairs: "sshKeyPair",
  listSecurityGroups: "securityGroups",
  listUserData: "userDataRef",
  startVirtualMachine: "startVM: twoPhase",
  updateVirtualMachine: "scrubUserData, startVM: twoPhase, machines with deletion protection",
};

export interface MissingApis {
  readonly needed: readonly string[];
  readonly recommended: readonly string[];
}

/** A list that lacks what has just worked is one we do not understand: nothing is concluded from it. */
export function missingApis(allowed: ReadonlySet<string>): MissingApis {
  if (!allowed.has("listCapabilities") || !allowed.has("listApis")) return { needed: [], recommended: [] };
  return {
    needed: NEEDED_APIS.filter((name) => !allowed.has(name)),
    recommended: Object.keys(RECOMMENDED_APIS).filter((name) => !allowed.has(name)),
  };
}
