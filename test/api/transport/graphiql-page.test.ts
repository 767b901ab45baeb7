import { type Browser, type Page, chromium as playwright } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium, noBrowser } from '../../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type Program, startProgram } from '../../support/program.ts';
import { titleWith } from '../../support/skipped.ts';

/** What the page reports that its policy has forbidden. */
interface Watched {
  readonly forbidden: string[];
  readonly errors: string[];
  readonly requests: string[];
}

describe.skipIf(noBrowser !== null)(titleWith('GraphiQL in Chromium', noBrowser), () => {
  let database: TestDatabase;
  let program: Program;
  let browser: Browser;
  beforeAll(async () => {
    database = await createTestDatabase();
    program = await startProgram({ DATABASE_URL: database.url });
    browser = await playwright.launch({
      executablePath: chromium ?? '',
      // Tests may run as root, where the sandbox does not work.
      args: ['--no-sandbox', '--disable-gpu'],
    });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await program?.end('SIGTERM');
    await database?.dispose();
  });

  async function open(path: string): Promise<{ page: Page; watched: Watched }> {
    const page = await browser.newPage();
    const watched: Watched = { forbidden: [], errors: [], requests: [] };
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy'))
        watched.forbidden.push(message.text());
    });
    page.on('pageerror', (error) => watched.errors.push(error.message));
    page.on('request', (request) => watched.requests.push(request.url()));
    await page.goto(`${program.url}${path}`);
    return { page, watched };
  }

  /** Opens a query in the page, executes it, and waits for a text in its result. */
  async function run(query: string, expected: string): Promise<{ page: Page; watched: Watched }> {
    const opened = await open(`/graphql?query=${encodeURIComponent(query)}`);
    await opened.page.locator('.graphiql-execute-button').click();
    const result = opened.page.locator('.result-window');
    await expect.poll(() => result.innerText(), { timeout: 20_000 }).toContain(expected);
    return opened;
  }

  test('runs queries and subscriptions under its policy, and loads nothing else', async () => {
    const results = [
      await run('{ log { sequence } }', '"log"'),
      await run('subscription { events { sequence } }', '"events"'),
      await run('{ nothing }', 'GRAPHQL_VALIDATION_FAILED'),
    ];
    // The worker of the editor, which has loaded the schema, marks the field.
    await results[2]?.page.locator('.squiggly-error').first().waitFor();
    for (const { page, watched } of results) {
      expect(watched.forbidden).toEqual([]);
      expect(watched.errors).toEqual([]);
      const hosts = watched.requests
        .filter((url) => !/^(?:data|blob):/.test(url))
        .map((url) => new URL(url).host);
      expect([...new Set(hosts)]).toEqual([new URL(program.url).host]);
      await page.close();
    }
  }, 90_000);

  test('runs no script that someone else has put into it', async () => {
    const { page, watched } = await open('/');
    await page.locator('.graphiql-editor .view-lines').first().waitFor();
    const isRun = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.injected = true';
      document.body.append(script);
      const image = document.createElement('img');
      image.src = 'http://other.example/x.png';
      document.body.append(image);
      return 'injected' in window;
    });
    expect(isRun).toBe(false);
    await expect.poll(() => watched.forbidden.length).toBe(2);
    await page.close();
  }, 60_000);

  test('cannot be shown in a frame', async () => {
    const page = await browser.newPage();
    await page.route('http://other.localhost/', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<iframe src="${program.url}/graphql">` }),
    );
    await page.goto('http://other.localhost/');
    const [, frame] = page.frames();
    await expect.poll(() => frame?.url()).toMatch(/^chrome-error:|about:blank/);
    expect(await frame?.locator('.graphiql-editor').count()).toBe(0);
    await page.close();
  }, 60_000);
});
