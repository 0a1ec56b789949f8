import { conformance } from "@karpenter-multicloud/testkit/conformance";
import { describe, it } from "vitest";
import { simulatedSubject } from "./test-subject.ts";

conformance(simulatedSubject, { describe, it });
