// Requests to the API that this page came from, each with a time limit and errors in words.

const TIMEOUT_MS = 35_000;

/** What a request ended in, when not in an answer. `status` is 0 where no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = "",
    readonly runningId = "",
  ) {
    super(message);
  }
}

export type Parameters = Record<string, string | number | boolean | readonly string[] | undefined>;

/** The API with one token; `onUnauthorized` is told when the token is refused. */
export class Api {
  constructor(
    private readonly base: string,
    private readonly token: string,
    private readonly onUnauthorized: (error: ApiError) => void = () => {},
  ) {}

  async get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
    return jsonOf(await this.fetch("GET", path + queryText(parameters), undefined, {}, signal));
  }

  async post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return jsonOf(await this.fetch("POST", path, body, {}, signal));
  }

  async delete<T>(path: string): Promise<T> {
    return jsonOf(await this.fetch("DELETE", path, undefined, {}));
  }

  /** The answer as it came, in the form that `accept` names; ApiError for every other outcome. */
  async fetch(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<Response> {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    let answer: Response;
    try {
      answer = await fetch(this.base + path, {
        method,
        headers: {
          Authorization: `Bearer ${this.token}`,
          ...(body !== undefined && { "Content-Type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw limit.aborted
        ? new ApiError(0, "UNANSWERED", `The API did not answer within ${TIMEOUT_MS / 1000} seconds.`)
        : new ApiError(0, "UNREACHABLE", "The API can't be reached.");
    }
    if (answer.ok) return answer;
    const error = await refusal(answer);
    if (error.status === 401) this.onUnauthorized(error);
    throw error;
  }
}

/** What the answer holds; ApiError where it broke off or is somebody else's. */
export async function jsonOf<T>(answer: Response): Promise<T> {
  try {
    return await answer.json();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "UNREADABLE", "The answer broke off, or it is not one of this API.");
  }
}

async function refusal(answer: Response): Promise<ApiError> {
  const body = await answer.json().catch(() => ({}));
  const text = typeof body.error === "string" ? body.error : `The API answered ${answer.status}.`;
  return new ApiError(
    answer.status,
    body.error_code ?? "",
    text,
    body.request_id ?? "",
    body.running_id ?? "",
  );
}

/** Where the API is: the folder that the page was loaded from. */
export function apiBase(baseUri: string): string {
  return new URL(".", baseUri).href.replace(/\/$/, "");
}

function queryText(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item));
  }
  const text = query.toString();
  return text && `?${text}`;
}
