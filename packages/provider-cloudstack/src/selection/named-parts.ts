// What a class names besides zones, networks, templates and offerings: key pairs, registered user data, affinity and security groups (§5).

import type { Remark } from "@karpenter-multicloud/core/controllers/nodeclass-status";

import { CloudStackCondition } from "../api/cloudstack-node-class.ts";
import type { CloudStackNodeClassSpec, UserDataReference } from "../api/cloudstack-node-class.ts";
import type { CloudStackClient } from "../client/cloudstack-client.ts";
import type { RegisteredUserData } from "../client/wire-account.ts";
import type { Scope } from "../client/scope.ts";
import { has, sinceVersion } from "../client/server-features.ts";
import { ClassProblem } from "./class-problem.ts";
import type { GroupFinder } from "./group-finder.ts";
import type { ResolvedClass } from "./resolved-class.ts";

export interface Named {
  readonly spec: CloudStackNodeClassSpec;
  readonly client: CloudStackClient;
  readonly scope: Scope;
  /** Of the server. */
  readonly version: string;
  readonly signal: AbortSignal;
}

const CONDITION = CloudStackCondition.ValidationSucceeded;

export function keyPairsOf({ sshKeyPair, sshKeyPairs }: CloudStackNodeClassSpec): readonly string[] {
  return sshKeyPairs ?? (sshKeyPair === undefined ? [] : [sshKeyPair]);
}

/** @throws ClassProblem */
export async function checkKeyPairs({ spec, client, scope, signal }: Named): Promise<void> {
  const wanted = keyPairsOf(spec);
  if (wanted.length === 0) return;
  const known = await client.keyPairs(scope, signal);
  const missing = wanted.find((name) => !known.some((row) => row.name === name));
  if (missing === undefined) return;
  throw new ClassProblem(CONDITION, "KeyPairNotFound", `SSH key pair ${missing} does not exist`);
}

/** @throws ClassProblem */
export async function userDataIdOf({ spec, client, scope, version, signal }: Named): Promise<string | undefined> {
  const { userDataRef } = spec;
  if (userDataRef === undefined) return undefined;
  if (!has("userDataObjects", version)) {
    const message = `userDataRef needs CloudStack ${sinceVersion("userDataObjects")}; this one is ${version}`;
    throw new ClassProblem(CONDITION, "ServerTooOld", message);
  }
  const known = await client.registeredUserData(scope, signal);
  const found = known.find(({ id, name }) => id === userDataRef.id || name === userDataRef.name);
  if (found !== undefined) {
    checkParameters(userDataRef, found);
    return found.id;
  }
  const message = `user data ${userDataRef.name ?? userDataRef.id ?? ""} is not registered`;
  throw new ClassProblem(CONDITION, "UserDataNotFound", message);
}

/** The server takes a machine without them, and its first boot would stumble over the gap. */
function checkParameters(
  { parameters = {} }: UserDataReference,
  { name, parameters: wanted }: RegisteredUserData,
): void {
  const missing = wanted.filter((key) => !(key in parameters));
  if (missing.length === 0) return;
  const message = `user data ${name} was registered with the parameters ${missing.join(", ")}: give them in userDataRef.parameters`;
  throw new ClassProblem(CONDITION, "UserDataParameterMissing", message);
}

/** @throws ClassProblem */
export async function affinityGroupsOf(
  { spec, scope, signal }: Named,
  groups: GroupFinder,
): Promise<ResolvedClass["affinityGroups"]> {
  const wanted = spec.affinityGroups;
  if (wanted === undefined) return [];
  const { found, missing } = await groups.named(wanted, scope, signal);
  if (missing === undefined) return found;
  throw new ClassProblem(CONDITION, "AffinityGroupNotFound", `affinity group ${missing} does not exist`);
}

/** A group that is no more than a wish is left out where the server does not know such wishes (§3). */
export function managedGroupOf({ spec, version }: Named, remarks: Remark[]): string | undefined {
  const type = spec.affinityGroups?.managed?.type;
  if (type === undefined || !/^non-strict/i.test(type) || has("nonStrictAffinity", version)) return type;
  const message = `affinity groups of type ${type} need CloudStack ${sinceVersion("nonStrictAffinity")}; this one is ${version}: machines are made without`;
  remarks.push({ reason: "ServerTooOld", message });
  return undefined;
}

/** @throws ClassProblem */
export async function securityGroupIdsOf({ spec, client, scope, signal }: Named): Promise<readonly string[]> {
  const { securityGroups = [] } = spec;
  if (securityGroups.length === 0) return [];
  const known = await client.securityGroups(scope, signal);
  return securityGroups.map((wanted) => {
    const found = known.find(({ id, name }) => id === wanted.id?.toLowerCase() || name === wanted.name);
    if (found !== undefined) return found.id;
    const message = `security group ${wanted.name ?? wanted.id ?? ""} does not exist`;
    throw new ClassProblem(CONDITION, "SecurityGroupNotFound", message);
  });
}
