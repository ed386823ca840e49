import { expect, test } from '@jest/globals';
import { Address, type AddressBar } from '../../src/web/address.ts';

/** A tab with a history. */
class FakeTab implements AddressBar {
  readonly entries: { url: string; state: unknown }[];
  #at = 0;
  #listeners: (() => void)[] = [];

  constructor(url: string, state: unknown = null) {
    this.entries = [{ url, state }];
  }

  get location() {
    const { pathname, search, hash } = new URL(this.entries[this.#at]?.url ?? '', 'http://a.example');
    return { pathname, search, hash };
  }

  get history() {
    const entry = this.entries[this.#at];
    const replace = (state: unknown, url: string) => {
      this.entries[this.#at] = { url: this.#resolve(url), state };
    };
    return {
      state: entry?.state,
      pushState: (state: unknown, _title: string, url: string) => {
        const resolved = this.#resolve(url);
        this.#at += 1;
        this.entries.splice(this.#at, this.entries.length, { url: resolved, state });
      },
      replaceState: (state: unknown, _title: string, url: string) => replace(state, url),
    } as History;
  }

  addEventListener(_type: 'popstate', listener: () => void): void {
    this.#listeners.push(listener);
  }

  go(steps: number): void {
    this.#at += steps;
    for (const listener of this.#listeners) listener();
  }

  #resolve(url: string): string {
    const { pathname, search } = this.location;
    return url.startsWith('#') ? pathname + search + url : url;
  }
}

test('a conversation has an address as soon as something is said in it, and the query of the page stays', () => {
  const tab = new FakeTab('/app/?transport=sse');
  const address = new Address(tab);
  expect([address.named, address.current]).toEqual([undefined, undefined]);
  address.show('a', false);
  expect(tab.entries).toEqual([{ url: '/app/?transport=sse', state: { conversation: 'a' } }]);
  address.show('a', true);
  expect(tab.entries).toEqual([{ url: '/app/?transport=sse#conversation=a', state: { conversation: 'a' } }]);
});

test('a reload finds the conversation in the address, or without an address in the state of the tab', () => {
  const named = new Address(new FakeTab('/#conversation=a'));
  expect([named.named, named.current]).toEqual(['a', 'a']);
  const unnamed = new Address(new FakeTab('/', { conversation: 'b' }));
  expect([unnamed.named, unnamed.current]).toEqual([undefined, 'b']);
  for (const [url, state] of [
    ['/#conversation=../x', { conversation: '../x' }],
    ['/#top', 5],
  ] as const) {
    const strange = new Address(new FakeTab(url, state));
    expect([strange.named, strange.current]).toEqual([undefined, undefined]);
  }
});

test('the back button returns to the conversation before, and skips one in which nothing was said', () => {
  const tab = new FakeTab('/');
  const address = new Address(tab);
  const opened: string[] = [];
  address.watch((id) => opened.push(id));
  address.show('a', true);
  address.show('empty', false);
  address.show('b', true);
  expect(tab.entries.map(({ url }) => url)).toEqual(['/#conversation=a', '/#conversation=b']);
  tab.go(-1);
  address.show('a', true);
  tab.go(1);
  expect(opened).toEqual(['a', 'b']);
  expect(tab.entries).toHaveLength(2);
});

test('a user who stays after the back button has the address of the open conversation again', () => {
  const tab = new FakeTab('/');
  const address = new Address(tab);
  address.watch(() => address.show('b', true));
  address.show('a', true);
  address.show('b', true);
  tab.go(-1);
  expect([address.named, tab.entries.length]).toEqual(['b', 2]);
});
