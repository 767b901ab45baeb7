import { expect, test } from 'vitest';
import { readDemoSettings } from '../../src/demo/settings.ts';
import { createStatusDisplay } from '../../src/demo/status-display.ts';
import { refusalsLine, statusLine } from '../../src/demo/status-line.ts';
import { UsageError } from '../../src/import/errors.ts';
import { createTerminal } from './terminal.ts';

test('the settings have defaults, and invalid ones are usage errors', () => {
  expect(readDemoSettings(['demo'])).toEqual({
    seed: '1',
    ratePerSecond: 20,
    isAmongOtherData: false,
  });
  expect(readDemoSettings(['demo', '--seed', '007', '--rate=2.5', '--among-other-data'])).toEqual({
    seed: '007',
    ratePerSecond: 2.5,
    isAmongOtherData: true,
  });
  for (const bad of [['--rate', '0'], ['--rate', 'fast'], ['--rate', '1e9'], ['--sed'], ['now']]) {
    expect(() => readDemoSettings(['demo', ...bad])).toThrow(UsageError);
  }
});

test('the status is one line', () => {
  const lastPrices = new Map([
    ['MSFT', '28.8'],
    ['IBM', '125.55'],
  ]);
  expect(statusLine({ orders: 1_234, trades: 56, refused: 7, rate: 19.84, lastPrices })).toBe(
    '1,234 orders (19.8/s, 7 rejected)  56 trades  MSFT 28.80  AMZN -  IBM 125.55  GOOG -  AAPL -',
  );
});

test('rejections are listed by code, the most frequent first', () => {
  expect(refusalsLine(new Map())).toBeNull();
  expect(refusalsLine(new Map(Object.entries({ ORDER_NOT_OPEN: 2, OTHER: 1_500 })))).toBe(
    'rejected, as happens in any market: 1,500 OTHER, 2 ORDER_NOT_OPEN',
  );
});

test('a terminal overwrites one line, cut to its width; a file gets every line', () => {
  const screen = createTerminal({ isTTY: true, columns: 20 });
  const display = createStatusDisplay(screen.terminal);
  display.show('a line that is too long for it');
  display.say('said');
  display.stop();
  const clear = '\r\u{1b}[2K';
  const line = '  a line that is too';
  expect(screen.text()).toBe(`${clear}${line}${clear}  said\n${line}\n`);
  const file = createTerminal({ isTTY: false });
  const log = createStatusDisplay(file.terminal);
  log.show('one');
  log.show('two');
  log.stop();
  expect(file.text()).toBe('  one\n  two\n');
});
