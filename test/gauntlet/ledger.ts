/** What became of a series of things that were numbered from 1. */
export interface Account {
  readonly sent: number;
  /** Never came, and nobody said so. */
  readonly lost: number;
  readonly doubled: number;
  /** Came after one with a higher number. */
  readonly outOfOrder: number;
  /** Had no number, or was announced as dropped and came. */
  readonly strange: number;
}

export interface Ledger {
  /** Number `number` has come. */
  take(number: number): void;
  /** So many of those that are missing were announced as dropped. */
  announce(count: number): void;
  /** How many different ones have come. */
  readonly taken: number;
  /** @param sent how many there were */
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
      // Announced times are rounded to blocks.
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
