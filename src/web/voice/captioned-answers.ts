import { Captions } from './captions.ts';

interface CaptionedAnswer {
  /** Number of the speaker's turn. */
  readonly turn: number;
  /** Id of the answer in the transcript. */
  readonly id: number;
  /** Whether the rest of it will not be played. */
  isCut: boolean;
  /** Number of characters that are shown as heard; `undefined` before the first time. */
  shown?: number;
}

/** Answers that are being spoken: shows of each what the user has heard, and of an answer that was interrupted nothing more. */
export class CaptionedAnswers {
  readonly #show: (id: number, heard: number | undefined) => void;
  readonly #captions = new Captions();
  #answers: CaptionedAnswer[] = [];
  #playing = { turn: 0, playedMs: 0 };

  /** @param show called with the number of characters of an answer that were heard; `undefined` if it is all of them */
  constructor(show: (id: number, heard: number | undefined) => void) {
    this.#show = show;
  }

  /** Adds a part of the transcript of an answer. */
  addText(turn: number, text: string, id: number): void {
    this.#captions.addText(turn, text);
    if (!this.#answers.some((answer) => answer.turn === turn)) this.#answers.push({ turn, id, isCut: false });
    this.#update();
  }

  addAudio(turn: number, ms: number): void {
    this.#captions.addAudio(turn, ms);
  }

  endTurn(turn: number): void {
    this.#captions.endTurn(turn);
    this.#update();
  }

  /** Notes that the speaker has discarded what it had not played. */
  cut(): void {
    for (const answer of this.#answers) answer.isCut = true;
  }

  /** Notes how much of a turn was played. */
  onPlayed(turn: number, playedMs: number): void {
    this.#playing = { turn, playedMs };
    this.#update();
  }

  /** Shows the rest of every answer that was not cut, because nothing more is played. */
  stop(): void {
    for (const { id, isCut } of this.#answers) if (!isCut) this.#show(id, undefined);
    this.#answers = [];
    this.#playing = { turn: 0, playedMs: 0 };
    this.#captions.forget(Number.POSITIVE_INFINITY);
  }

  #update(): void {
    const { turn: playing, playedMs } = this.#playing;
    this.#answers = this.#answers.filter((answer) => {
      const { turn, id, isCut } = answer;
      const isPast = turn < playing;
      if (isPast && isCut) return false;
      const heard = isPast ? undefined : this.#captions.countHeard(turn, turn === playing ? playedMs : 0);
      if (heard === undefined || heard !== answer.shown) this.#show(id, heard);
      if (heard !== undefined) answer.shown = heard;
      return heard !== undefined;
    });
    this.#captions.forget(playing - 1);
  }
}
