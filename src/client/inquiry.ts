export interface Inquiry {
  /** Something that was sent has been answered: more is to be expected. */
  sent(): void;
  /** Something has come down. */
  heard(): void;
  stop(): void;
}

/** When it is asked first, ms; each time it takes twice as long until the next, for as long as nothing comes. */
const FIRST_MS = 2_000;
/** So often: by then heartbeats have failed to appear. */
const MOST = 4;

/** Has the server asked what it has written, when something was sent and nothing comes: whether that is because there is nothing, only it knows. */
export function createInquiry(ask: () => void): Inquiry {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    timer = undefined;
  };
  const wait = (time: number) => {
    timer = setTimeout(
      () => {
        timer = undefined;
        if (time < MOST) wait(time + 1);
        ask();
      },
      FIRST_MS * 2 ** time,
    );
  };
  return {
    sent() {
      // From the first of several on: somebody who speaks would put it off for ever.
      if (timer === undefined) wait(0);
    },
    heard: stop,
    stop,
  };
}
