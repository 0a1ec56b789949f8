import { conformance } from "@karpenter-multicloud/testkit/conformance";
import { describe, it } from "vitest";

import { cloudStackSubject } from "./test-subject.ts";

conformance(cloudStackSubject, { describe, it });
