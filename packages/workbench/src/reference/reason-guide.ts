// What each reason of a waiting pod means to a person, where to look further and what to change. The reference pages are made from it.

import type { PodReason } from "@karpenter-multicloud/core/reasons";

export interface ReasonGuide {
  /** One sentence; the index shows it too. */
  readonly meaning: string;
  /** What a newcomer needs to know to understand it. */
  readonly background: string;
  /** One line each: a comment, then the command. */
  readonly commands: readonly (readonly [why: string, command: string])[];
  /** The usual cure first; the index shows only that one. */
  readonly fixes: readonly [string, ...string[]];
}

const POOL_REQUIREMENTS = [
  "what the NodePool asks of its nodes",
  "kubectl get nodepools.karpenter.sh NODEPOOL -o jsonpath='{.spec.template.spec.requirements}'",
] as const;
const POOL_CONDITIONS = [
  "the NodePool's conditions, with their messages",
  "kubectl describe nodepools.karpenter.sh NODEPOOL",
] as const;
const POD_AFFINITY = ["what the pod asks for", "kubectl get pod POD -o jsonpath='{.spec.affinity}'"] as const;
const NODES_BY_ZONE = [
  "the nodes with their zones and pools",
  "kubectl get nodes -L topology.kubernetes.io/zone,karpenter.sh/nodepool",
] as const;
const CLAIM_OF_VOLUME = ["the claim and the volume it is bound to", "kubectl describe pvc CLAIM"] as const;

export const REASON_GUIDE: Readonly<Record<PodReason, ReasonGuide>> = {
  TaintNotTolerated: {
    meaning: "The node or NodePool has a taint the pod does not tolerate.",
    background:
      "Nodes of a NodePool carry the taints of `spec.template.spec.taints`. A pod without a matching toleration stays away from all of them.",
    commands: [
      [
        "the taints of every NodePool",
        "kubectl get nodepools.karpenter.sh -o custom-columns=NAME:.metadata.name,TAINTS:.spec.template.spec.taints",
      ],
      ["the pod's tolerations", "kubectl get pod POD -o jsonpath='{.spec.tolerations}'"],
    ],
    fixes: [
      "Add the toleration to the pod.",
      "Take the taint off the NodePool.",
      "Make another NodePool without it for such pods.",
    ],
  },
  RequirementMismatch: {
    meaning: "A node selector or required node affinity contradicts what is offered.",
    background:
      "The key in the message is the first on which pod and NodePool, or pod and instance types, share no value.",
    commands: [
      POOL_REQUIREMENTS,
      [
        "what the pod asks for",
        "kubectl get pod POD -o jsonpath='{.spec.nodeSelector}{\"\\n\"}{.spec.affinity.nodeAffinity}'",
      ],
    ],
    fixes: ["Allow the value in the NodePool's requirements.", "Ask for one of the values that are offered."],
  },
  UnknownLabel: {
    meaning: "The pod asks for a label that nothing defines.",
    background:
      "A new node has the labels of its NodePool's template and the well-known ones of its machine. A label that only a pod mentions is never invented.",
    commands: [
      [
        "the labels each NodePool gives its nodes",
        "kubectl get nodepools.karpenter.sh -o custom-columns=NAME:.metadata.name,LABELS:.spec.template.metadata.labels",
      ],
    ],
    fixes: [
      "Put the label into the NodePool's `spec.template.metadata.labels`.",
      "Correct the spelling in the pod; the message names a label that looks alike.",
    ],
  },
  VolumeTopology: {
    meaning: "A volume's place cannot be met.",
    background:
      "A volume that exists can be attached in its own zone only, so the pod's node must be there. A storage class may restrict zones too.",
    commands: [
      CLAIM_OF_VOLUME,
      ["where the volume is", "kubectl get pv VOLUME -o jsonpath='{.spec.nodeAffinity}'"],
      POOL_REQUIREMENTS,
    ],
    fixes: [
      "Allow the volume's zone in the NodePool.",
      "Use a storage class with `volumeBindingMode: WaitForFirstConsumer`, so that new volumes follow their pods.",
    ],
  },
  VolumeLimit: {
    meaning: "The node cannot have another volume attached.",
    background: "Each storage driver says in the CSINode object how many volumes a node can have attached at once.",
    commands: [
      ["the limits of a node", "kubectl get csinode NODE -o yaml"],
      ["the volumes attached to it", "kubectl get volumeattachments | grep NODE"],
    ],
    fixes: [
      "Nothing, where a NodePool can grow: the pod gets a new node.",
      "Let a NodePool grow, or allow instance types with more attachments.",
    ],
  },
  HostPort: {
    meaning: "The host port is taken.",
    background: "Only one pod of a node can have a host port. A DaemonSet with that port has it on every node.",
    commands: [
      [
        "every pod with a host port",
        "kubectl get pods -A -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName,PORTS:.spec.containers[*].ports[*].hostPort",
      ],
    ],
    fixes: ["Use a Service instead of the host port.", "Choose a port that no DaemonSet has."],
  },
  InsufficientResources: {
    meaning: "No allowed instance type is large enough.",
    background:
      "A new node holds the pod and its DaemonSets. What a type can give to pods is less than its size: the system keeps a part. The message has the exact gap.",
    commands: [
      [
        "what the pod requests",
        "kubectl get pod POD -o jsonpath='{range .spec.containers[*]}{.name} {.resources.requests}{\"\\n\"}{end}'",
      ],
      POOL_REQUIREMENTS,
    ],
    fixes: ["Allow larger instance types in the NodePool.", "Request less."],
  },
  TopologySpread: {
    meaning: "A spread constraint with `whenUnsatisfiable: DoNotSchedule` cannot be met.",
    background:
      "In every place the constraint counts its pods; the fullest may have at most `maxSkew` more than the emptiest. A place where no node can be added keeps its count, and holds all others down.",
    commands: [
      ["the constraints", "kubectl get pod POD -o jsonpath='{.spec.topologySpreadConstraints}'"],
      NODES_BY_ZONE,
    ],
    fixes: ["Allow the emptier zones in the NodePool.", "Raise `maxSkew`, or set `whenUnsatisfiable: ScheduleAnyway`."],
  },
  PodAffinity: {
    meaning: "Required pod affinity cannot be met.",
    background: "The pod must stand where a pod that its selector matches stands, and no such place can take it.",
    commands: [POD_AFFINITY, ["where the pods it wants are", "kubectl get pods -A -l LABELS -o wide"], NODES_BY_ZONE],
    fixes: [
      "Check selector, namespace and topology key; the other pods must run or wait, too.",
      "Use preferred instead of required affinity.",
    ],
  },
  PodAntiAffinity: {
    meaning: "Required pod anti-affinity cannot be met.",
    background:
      "In every place that the pod could go to, a pod stands that it refuses. A planned node whose zone is still open counts in all its zones for that round.",
    commands: [POD_AFFINITY, ["where the pods it avoids are", "kubectl get pods -A -l LABELS -o wide"], NODES_BY_ZONE],
    fixes: [
      "Allow more zones, or use `kubernetes.io/hostname` as the topology key.",
      "Use preferred instead of required anti-affinity.",
    ],
  },
  InversePodAntiAffinity: {
    meaning: "Another pod refuses to share a place with this one.",
    background:
      "This pod asks for nothing of the kind. A pod that runs, or was placed before it, has an anti-affinity that matches this pod's labels.",
    commands: [
      ["this pod's labels", "kubectl get pod POD --show-labels"],
      [
        "all pods with anti-affinity",
        "kubectl get pods -A -o custom-columns=POD:.metadata.name,NODE:.spec.nodeName,APART:.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[*].labelSelector",
      ],
    ],
    fixes: ["Narrow the other pod's selector.", "Allow more zones or nodes."],
  },
  LimitExceeded: {
    meaning: "The NodePool's limits leave no room.",
    background:
      "`spec.limits` bounds the sum of all nodes of the NodePool, those of the running round included. The message has the resource, what is in use and what the smallest node would add.",
    commands: [
      ["limits", "kubectl get nodepools.karpenter.sh NODEPOOL -o jsonpath='{.spec.limits}'"],
      ["in use", "kubectl get nodepools.karpenter.sh NODEPOOL -o jsonpath='{.status.resources}'"],
    ],
    fixes: ["Raise `spec.limits`.", "Allow smaller instance types."],
  },
  NodeLimitReached: {
    meaning: "The NodePool may not have more nodes.",
    background: "`spec.limits.nodes` bounds the number of nodes, those of the running round included.",
    commands: [["its nodes", "kubectl get nodes -l karpenter.sh/nodepool=NODEPOOL"]],
    fixes: ["Raise `spec.limits.nodes`.", "Require larger instance types, so that fewer nodes do."],
  },
  NoInstanceType: {
    meaning: "The requirements leave no instance type.",
    background:
      "Either the NodePool's own requirements match nothing that the cloud sells, or each of the requirements alone is met, but no type meets all of them.",
    commands: [POOL_REQUIREMENTS, POOL_CONDITIONS],
    fixes: ["Loosen the NodePool's requirements.", "Check the spelling of the values."],
  },
  OfferingUnavailable: {
    meaning: "What would fit cannot be had right now.",
    background:
      "The cloud sells a type that fits, but said for each zone and capacity type that it is out of stock, or does not list it as available. An offering that failed is left alone for a while.",
    commands: [POOL_REQUIREMENTS, ["machines that failed before", "kubectl get events -A | grep -i capacity"]],
    fixes: ["Wait: it is tried again at the time in the message.", "Allow more types, zones or capacity types."],
  },
  MinValues: {
    meaning: "Fewer choices are left than `minValues` asks for.",
    background:
      "`minValues` of a requirement demands that a new node could have that many different values. What the pods need has narrowed them further.",
    commands: [POOL_REQUIREMENTS],
    fixes: [
      "Lower `minValues`.",
      "Widen the requirement.",
      "Let minValues be relaxed: `--min-values-policy BestEffort`.",
    ],
  },
  ReservationBusy: {
    meaning: "Reserved capacity is used up for this round.",
    background:
      "The pod could go to a reservation that other pods of the same round hold already. It waits one round instead of buying a machine at full price.",
    commands: [["claims on their way", "kubectl get nodeclaims.karpenter.sh -o wide"]],
    fixes: ["Nothing: the next round decides.", "Enlarge the reservation."],
  },
  NodePoolNotReady: {
    meaning: "The NodePool or its NodeClass is not ready.",
    background: "A NodePool takes part only while its condition Ready is True. The message repeats what is wrong.",
    commands: [
      POOL_CONDITIONS,
      [
        "the NodeClass it refers to",
        "kubectl get nodepools.karpenter.sh NODEPOOL -o jsonpath='{.spec.template.spec.nodeClassRef}'",
      ],
    ],
    fixes: ["Correct what the condition names, usually in the NodeClass or its Secret."],
  },
  NodePoolDeleting: {
    meaning: "The NodePool is being deleted.",
    background: "It adds no nodes any more, and goes when its last node is gone.",
    commands: [["its nodes", "kubectl get nodes -l karpenter.sh/nodepool=NODEPOOL"]],
    fixes: ["Use another NodePool, or make it again once it is gone."],
  },
  NodePoolStatic: {
    meaning: "The NodePool has a fixed number of replicas.",
    background:
      "With `spec.replicas` set its nodes are counted, not planned from what pods need: [static capacity](../../concepts/static-capacity.md). Pods do go to those of its nodes they fit on.",
    commands: [["replicas", "kubectl get nodepools.karpenter.sh NODEPOOL -o jsonpath='{.spec.replicas}'"]],
    fixes: ["Use a NodePool without `spec.replicas`.", "Raise the replicas: `kubectl scale nodepools.karpenter.sh`."],
  },
  NodePoolBackOff: {
    meaning: "The NodePool gets no new machines for a while, because the last ones could not be had or did not join.",
    background:
      "After a failure the controller waits 30 seconds before it asks the cloud for another machine of that NodePool, and twice as long after each further one, up to 10 minutes. A machine that can be had again ends that. Pauses begin when the cloud has nothing left of what the NodePool allows or refuses the request as such, when the NodeClass is not ready, or when two machines did not launch or register in time. Other NodePools are used at once. A restart of the controller forgets all pauses.",
    commands: [
      ["machines that were given up", "kubectl get events --field-selector involvedObject.kind=NodeClaim"],
      POOL_CONDITIONS,
      [
        "what went wrong",
        "kubectl logs -n karpenter -l app.kubernetes.io/name=karpenter | grep -E 'giving up nodeclaim|no new machines'",
      ],
    ],
    fixes: [
      "Wait until the time in the message.",
      "Allow more instance types, zones or capacity types in the NodePool.",
      "Correct what the message names: the NodeClass, a quota, or what keeps machines from joining.",
    ],
  },
  OverlayPending: {
    meaning: "Overlays of the NodePool are not evaluated yet.",
    background:
      "With the feature gate NodeOverlay prices and capacity may differ from the cloud's list. A NodePool waits until that is known, because a plan at wrong prices buys the wrong machine.",
    commands: [
      ["the overlays and whether they are valid", "kubectl get nodeoverlays.karpenter.sh -o wide"],
      POOL_CONDITIONS,
    ],
    fixes: ["Wait.", "If it lasts, correct the NodeClass: its list of instance types could not be read."],
  },
  InstanceTypesUnavailable: {
    meaning: "The cloud's list of instance types could not be read.",
    background: "Without the list nothing can be planned. It is asked again in every round.",
    commands: [
      POOL_CONDITIONS,
      ["errors of the cloud", "kubectl logs -n karpenter -l app.kubernetes.io/name=karpenter | grep error"],
    ],
    fixes: ["Read the error in the message: credentials, quota or the cloud itself."],
  },
  DraUnsupported: {
    meaning: "The pod claims devices through dynamic resource allocation.",
    background: "Which devices a machine will have is known only after it was bought, so no plan can count on them.",
    commands: [["what the pod claims", "kubectl get pod POD -o jsonpath='{.spec.resourceClaims}'"]],
    fixes: [
      "Request the device as an extended resource, such as `nvidia.com/gpu`.",
      "Start a node for it by hand or with a fixed number of replicas.",
    ],
  },
  InvalidPod: {
    meaning: "The pod's own constraints cannot be used.",
    background: "No node whatsoever could satisfy them, or they are written in a way that Kubernetes does not allow.",
    commands: [["the pod as it is", "kubectl get pod POD -o yaml"]],
    fixes: ["Correct the field that the message names."],
  },
  VolumeLookupFailed: {
    meaning: "A PersistentVolumeClaim, its volume or its storage class could not be read.",
    background: "The pod refers to a claim that is not there, or that refers to something that is not there.",
    commands: [
      ["the claims of the namespace", "kubectl get pvc"],
      ["the storage classes", "kubectl get storageclasses"],
    ],
    fixes: ["Create what is missing, or correct the name."],
  },
  NodeSettling: {
    meaning: "The node's pods changed a short while ago, so it takes no pods that would only move to save money.",
    background:
      "Within `consolidateAfter` of the last change a node is left alone in both directions: it is not removed, and no pod is moved onto it from a node that is to be removed. Pods that wait for a node may still go there.",
    commands: [
      [
        "when its pods changed last",
        "kubectl get nodeclaims.karpenter.sh NODECLAIM -o jsonpath='{.status.lastPodEventTime}'",
      ],
    ],
    fixes: [
      "Nothing: it is over after `consolidateAfter`.",
      "Shorten `spec.disruption.consolidateAfter` of its NodePool.",
    ],
  },
  NotEvaluated: {
    meaning: "The pod was not tried there in this round.",
    background:
      "Either time ran out before the pod's turn, or another NodePool was tried first and its plan had to be given up at the end.",
    commands: [["how long rounds take", "kubectl get --raw /metrics | grep karpenter_scheduler_scheduling_duration"]],
    fixes: ["Nothing: the next round takes it."],
  },
};
