/** Who the agent is in one live session, and whom it talks to, if a client may decide that. Absent fields: as the author of the agent decided. */
export interface SessionPersona {
  /** System instruction in place of the agent's own. */
  readonly instruction?: string;
  /** Name under which clients show the agent. The model is not told. */
  readonly agentName?: string;
  /** Name of the user. The model is told. */
  readonly userName?: string;
}

/** Config that a client requests for its live session. */
export interface SessionConfig extends SessionPersona {
  /** Provider whose model the client expects, as in `RealtimeModel.provider`. */
  readonly provider?: string;
}

/** Maximum length of an instruction of a client, in characters. */
export const MAX_INSTRUCTION = 16_384;
/** Maximum length of a name that a client gives, in characters. */
export const MAX_NAME = 100;

/** Whether two personas are the same for a run and its clients. */
export function isSamePersona(a: SessionPersona, b: SessionPersona): boolean {
  return a.instruction === b.instruction && a.agentName === b.agentName && a.userName === b.userName;
}
