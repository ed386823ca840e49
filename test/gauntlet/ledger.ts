/** Account of a series of things that are numbered from 1. */
export interface Account {
  readonly sent: number;
  /** Number of things that neither arrived nor were announced as dropped. */
  readonly lost: number;
  readonly doubled: number;
  /** Number of things that arrived after one with a higher number. */
  readonly outOfOrder: number;
  /** Number of things without a valid number, or announced as dropped and received nevertheless. */
  readonly strange: number;
}

export interface Ledger {
  /** Records that the thing with this number has arrived. */
  take(number: number): void;
  /** Records that this number of missing things was announced as dropped. */
  announce(count: number): void;
  /** Number of different things that have arrived. */
  readonly taken: number;
  /** Closes the account. @param sent number of things that were sent */
  close(sent: number): Account;
}

export function createLedger(): Ledger {
  const seen = new Set<number>();
  let highest = 0;
  let doubled = 0;
  let outOfOrder = 0;
  let announced = 0;
  let strange = 0;
  return {
    take(number) {
      if (!(number >= 1)) {
        strange += 1;
        return;
      }
      if (seen.has(number)) doubled += 1;
      else if (number < highest) outOfOrder += 1;
      seen.add(number);
      highest = Math.max(highest, number);
    },
    announce(count) {
      announced += count;
    },
    get taken() {
      return seen.size;
    },
    close: (sent) => ({
      sent,
      lost: Math.max(0, sent - seen.size - announced),
      doubled,
      outOfOrder,
      // Allow for rounding: announced times are rounded to blocks.
      strange: strange + Math.max(0, announced - (sent - seen.size) - 1),
    }),
  };
}

export function addAccounts(accounts: readonly Account[]): Account {
  const total = (name: keyof Account) => accounts.reduce((sum, account) => sum + account[name], 0);
  return {
    sent: total('sent'),
    lost: total('lost'),
    doubled: total('doubled'),
    outOfOrder: total('outOfOrder'),
    strange: total('strange'),
  };
}
