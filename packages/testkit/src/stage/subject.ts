// What a provider's author hands to the kit: how to build the provider, and how to start a fake of its cloud.

import type { KubeObject, NodeClassRef, RequirementSpec } from "@karpenter-multicloud/core/api";
import type { Environment, ProviderFactory } from "@karpenter-multicloud/core/controllers";
import type { KubeReader } from "@karpenter-multicloud/core/kube";
import type { Clock, EpochMs } from "@karpenter-multicloud/core/runtime";
import type { MachineHooks } from "@karpenter-multicloud/core/testing";

export interface Subject {
  /** As the controller gets it. */
  readonly factory: ProviderFactory;
  /** Starts a fresh cloud without machines. Called once for every check. */
  start(context: SubjectContext): Promise<SubjectCloud>;
  /** Id of a check that cannot apply to this cloud → why. Such checks are shown with the reason, never passed over in silence. */
  readonly notApplicable?: Readonly<Record<string, string>>;
}

export interface SubjectContext {
  /** The life of machines runs on it; requests take no time on it. */
  readonly clock: Clock;
  /** Where machines register as Nodes. */
  readonly hooks: MachineHooks;
  /** What machines that join by themselves find in the cluster: the Secret of the token they were given. */
  readonly kube: Pick<KubeReader, "get">;
  readonly seed: number;
}

/** A fake cloud as the checks see it. What is optional is needed by some checks only, which say so when it is missing. */
export interface SubjectCloud {
  /** The provider's environment variables. */
  readonly env: Environment;
  /** What an administrator applies before the first NodePool: Namespaces, Secrets, the NodeClass. */
  readonly objects: readonly KubeObject[];
  readonly nodeClassRef: NodeClassRef;
  /** The zones the provider may sell in with that NodeClass. */
  readonly zones: readonly string[];
  /** Narrows what the checks buy to a few cheap types; at least two of them, each in all zones. */
  readonly requirements: readonly RequirementSpec[];
  /** All machines that exist, as the cloud knows them, not the provider: also those of others. */
  machines(): readonly CloudMachine[];
  close(): Promise<void>;

  /** Makes the cloud misbehave. Replaces what was set before; an empty list heals everything. */
  inject?(faults: readonly CloudFault[]): void;
  /** Every request so far that reached the cloud, oldest first. */
  requests?(): readonly CloudRequest[];
  /** Somebody else's machine, as like ours as the cloud allows; it may take its time to appear. */
  addForeignMachine?(): Promise<void>;
  /** A merge patch of the NodeClass's spec that machines made before it do not satisfy. */
  readonly driftingSpec?: Readonly<Record<string, unknown>>;
  /** Promises to the cloud that were broken: leaks, wrong deletions, double orders. */
  complaints?(): Promise<readonly string[]>;
}

export interface CloudMachine {
  readonly id: string;
  /** Undefined as long as the cloud has given none. */
  readonly providerID: string | undefined;
  readonly instanceType: string;
  readonly zone: string;
  /** It was asked to go, or it goes. */
  readonly leaving: boolean;
}

export type CloudAction = "create" | "delete" | "list" | "other";

export interface CloudRequest {
  /** Of the clock. */
  readonly at: EpochMs;
  readonly action: CloudAction;
  /** Id of the machine, when the request names one. */
  readonly machine?: string;
}

/** What goes wrong. "status", "timeoutBefore" and "timeoutAfter" happen to requests, the rest to machines that are ordered. */
export type CloudFaultKind =
  | "status"
  /** The connection breaks, nothing was done. */
  | "timeoutBefore"
  /** The connection breaks after it was done. */
  | "timeoutAfter"
  /** The connection stays open and silent. */
  | "hang"
  | "malformed"
  | "outOfStock"
  | "quota"
  /** The machine is ordered and fails while it boots, with a text of the cloud. */
  | "boot"
  /** The machine is ordered and boots for ever, or much longer than it should. */
  | "slowBoot"
  /** A machine that runs disappears by itself. */
  | "vanish"
  /** A request is refused because another operation is under way, in the cloud's own words. */
  | "busy";

export interface CloudFault {
  readonly fault: CloudFaultKind;
  /** Which requests. @defaultValue "any" */
  readonly on?: CloudAction | "any";
  /** Of the answer. @defaultValue 500 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How often it happens. @defaultValue always */
  readonly times?: number;
  /** From 0 to 1. @defaultValue 1 */
  readonly probability?: number;
  /** outOfStock only. @defaultValue any */
  readonly instanceType?: string;
  readonly zone?: string;
}
