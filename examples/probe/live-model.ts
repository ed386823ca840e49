import { GoogleGenAI, type LiveConnectConfig, Modality } from '@google/genai';
import { LiveSession } from './live-session.ts';

export interface LiveModelOptions {
  readonly model: string;
  readonly apiKey: string;
  /** Time at which the examination ends, as `performance.now()` counts, in ms. */
  readonly deadline: number;
}

/** What the model did with a question. */
export interface Finding {
  /** Value of the property that follows. Undefined: the model's behaviour says nothing about the property. */
  readonly value?: string;
  /** What was seen. */
  readonly seen: string;
}

/** Maximum number of sessions at the same time. Further sessions wait. */
const MAX_SESSIONS = 3;
/** Time after `setupComplete` in which a refusal of the setup may still arrive, in ms. */
const LATE_REFUSAL_MS = 400;

/** The model that is examined. Each question has a session of its own. */
export class LiveModel {
  readonly #options: LiveModelOptions;
  readonly #waiting: (() => void)[] = [];
  #open = 0;
  /** Settings without which the model refuses every setup. */
  required: LiveConnectConfig = {};

  constructor(options: LiveModelOptions) {
    this.#options = options;
  }

  /**
   * Asks in a session, and closes the session.
   * @returns what `ask` has found, or that the setup was refused
   * @throws {UnexaminedError} if the connection fails, or the time of the examination is up
   */
  converse(config: LiveConnectConfig, ask: (session: LiveSession) => Promise<Finding>): Promise<Finding> {
    return this.#withSession(config, 'v1beta', async (session) =>
      session.refusal ? { seen: `the setup is refused: ${session.refusal}` } : await ask(session),
    );
  }

  /**
   * Opens a session and closes it. A refusal is confirmed by a second attempt, because Gemini sometimes closes a healthy session.
   * @returns the refusal of the setup, or undefined if the model accepts the setup
   * @throws {UnexaminedError} as in `converse`
   */
  async findRefusal(
    config: LiveConnectConfig,
    apiVersion: 'v1alpha' | 'v1beta' = 'v1beta',
  ): Promise<string | undefined> {
    const attempt = () =>
      this.#withSession(config, apiVersion, async (session) => {
        if (!session.refusal) await session.wait(() => false, LATE_REFUSAL_MS);
        return session.refusal;
      });
    return (await attempt()) && (await attempt());
  }

  async #withSession<T>(
    config: LiveConnectConfig,
    apiVersion: string,
    work: (session: LiveSession) => Promise<T>,
  ): Promise<T> {
    while (this.#open >= MAX_SESSIONS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#open++;
    const { apiKey, model, deadline } = this.#options;
    try {
      const { live } = new GoogleGenAI({ apiKey, vertexai: false, apiVersion });
      const spoken = { responseModalities: [Modality.AUDIO], outputAudioTranscription: {} };
      const session = await LiveSession.open({
        live,
        model,
        config: { ...spoken, ...this.required, ...config },
        deadline,
      });
      try {
        return await work(session);
      } finally {
        await session.close();
      }
    } finally {
      this.#open--;
      this.#waiting.shift()?.();
    }
  }
}
