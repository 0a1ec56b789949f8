import { describe, it } from "vitest";
import { conformance } from "../conformance/index.ts";
import { tinySubject } from "./subject.ts";

conformance(tinySubject, { describe, it });
