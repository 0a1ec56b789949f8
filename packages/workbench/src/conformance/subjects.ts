// The clouds that the kit and the fault harness can be run on, by the name on the command line.

import { cloudStackSubject } from "@karpenter-multicloud/provider-cloudstack/test-subject";
import { ovhSubject } from "@karpenter-multicloud/provider-ovh/test-subject";
import { scalewaySubject } from "@karpenter-multicloud/provider-scaleway/test-subject";
import { simulatedSubject } from "@karpenter-multicloud/simulator/test-subject";
import type { Subject } from "@karpenter-multicloud/testkit/conformance";
import { tinySubject } from "@karpenter-multicloud/testkit/example";

export const SUBJECTS: Readonly<Record<string, Subject>> = {
  ovh: ovhSubject,
  scaleway: scalewaySubject,
  cloudstack: cloudStackSubject,
  simulated: simulatedSubject,
  example: tinySubject,
};
