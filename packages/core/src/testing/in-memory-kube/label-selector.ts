// What the server makes of the label selector of a list or a watch.

import { LabelSelectorError, parseLabelSelector, type LabelTest } from "../../api/index.ts";
import { badRequest } from "./answers.ts";

/** @throws KubeError 400 */
export function labelTestOf(text: string | undefined): LabelTest {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (error instanceof LabelSelectorError) throw badRequest(error.message);
    throw error;
  }
}
