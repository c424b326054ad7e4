// Requests to the API that served the page, with a time limit.

const TIMEOUT_MS = 35_000;

/** An error response, or a request without a response, whose `status` is 0. */
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

/** The API with one token; `onUnauthorized` is called when the API refuses the token. */
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

  async put<T>(path: string, body: unknown): Promise<T> {
    return jsonOf(await this.fetch("PUT", path, body, {}));
  }

  async delete<T>(path: string, parameters: Parameters = {}): Promise<T> {
    return jsonOf(await this.fetch("DELETE", path + queryText(parameters), undefined, {}));
  }

  /** Returns the successful response; throws ApiError for any other outcome. */
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

/** Returns the JSON of the response; throws ApiError when it is incomplete or not JSON. */
export function jsonOf<T>(answer: Response): Promise<T> {
  return readBody(() => answer.json());
}

/** Returns the result of `read`; throws ApiError when the response is incomplete or malformed. */
export async function readBody<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "UNREADABLE", "The response is incomplete or is not from this API.");
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

/** Returns the path of a resource of a site. */
export function sitePath(site: string, resource: string): string {
  return `/sites/${encodeURIComponent(site)}/${resource}`;
}

/** Returns the address of the API: the folder that the page was loaded from. */
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
