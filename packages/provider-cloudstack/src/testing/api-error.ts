// How CloudStack says no: an HTTP status that is also in the body, sometimes a finer code, and a text that clients have to read (§1.4).

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly code: number;
  /** Absent on failures of the signature. */
  readonly csCode: number | undefined;

  constructor(code: number, text: string, csCode?: number) {
    super(text);
    this.code = code;
    this.csCode = csCode;
  }

  /** As it stands under the answer's one key, and in the result of a job (there without the finer code). */
  body(inJob = false): Readonly<Record<string, unknown>> {
    return {
      uuidList: [],
      errorcode: this.code,
      ...(this.csCode === undefined || inJob ? {} : { cserrorcode: this.csCode }),
      errortext: this.message,
    };
  }
}

export const GENERIC = 9999;
const INVALID = 4350;

export function unverified(): ApiError {
  return new ApiError(401, "unable to verify user credentials and/or request signature");
}

export function notForUser(command: string): ApiError {
  return new ApiError(401, `The given command '${command}' either does not exist, is not available for user.`, GENERIC);
}

export function missingParameter(command: string, name: string): ApiError {
  const text = `Unable to execute API command ${command.toLowerCase()} due to missing parameter ${name}`;
  return new ApiError(431, text, GENERIC);
}

export function maintenance(): ApiError {
  return new ApiError(
    503,
    "Maintenance or shutdown has been initiated on this management server. Can not accept new jobs",
  );
}

export function unknownId(command: string, name: string, id: string): ApiError {
  const text = `Unable to execute API command ${command.toLowerCase()} due to invalid value. Invalid parameter ${name} value=${id} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`;
  return new ApiError(431, text, GENERIC);
}

export function invalid(text: string): ApiError {
  return new ApiError(431, text, INVALID);
}

export function internal(text: string): ApiError {
  return new ApiError(530, text, GENERIC);
}

/** What those who are no administrators read instead of an internal error. */
export const MASKED = "Internal error executing command, please contact your system administrator";
