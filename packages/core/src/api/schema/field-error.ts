// One mistake in an object: where it stands, what is wrong, and the nearest thing that would be right.

/** Kubernetes' own names, as they stand in the causes of a Status with code 422. */
export type FieldErrorReason =
  | "FieldValueInvalid"
  | "FieldValueRequired"
  | "FieldValueNotSupported"
  | "FieldValueTypeInvalid"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueDuplicate"
  | "FieldValueUnknown";

export interface FieldError {
  /** `spec.template.spec.requirements[0].operator`; keys of maps that are not plain names stand in brackets. Empty is the object itself. */
  readonly path: string;
  readonly message: string;
  readonly value?: unknown;
  /** What probably was meant: a field name or an allowed value. */
  readonly suggestion?: string;
  readonly reason?: FieldErrorReason;
}

export function childPath(parent: string, key: string): string {
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${parent}[${key}]`;
  return parent === "" ? key : `${parent}.${key}`;
}

export function itemPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}

/** The steps of a path, outermost first; an index stays text ("0"). */
export function splitPath(path: string): readonly string[] {
  return [...path.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

/** `path: message`, the path left out when the error is about the whole object. */
export function formatFieldError(error: FieldError): string {
  return error.path === "" ? error.message : `${error.path}: ${error.message}`;
}
