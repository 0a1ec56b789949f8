import { conformance } from "@karpenter-multicloud/testkit/conformance";
import { describe, it } from "vitest";

import { ovhSubject } from "./test-subject.ts";

conformance(ovhSubject, { describe, it });
