import { conformance } from "@karpenter-multicloud/testkit/conformance";
import { describe, it } from "vitest";

import { scalewaySubject } from "./test-subject.ts";

conformance(scalewaySubject, { describe, it });
