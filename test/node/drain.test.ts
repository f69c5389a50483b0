/** A drain under load: no answer that was asked for is lost. */
import { delay, firstValueFrom, lastValueFrom, mergeMap, of, Subject, takeUntil, toArray } from 'rxjs';
import { lines, over, serve, type Duplex } from 'ropewalk';
import { dial, listen } from 'ropewalk/node';

test('200 clients with five questions each in flight get every answer, and then the service is over', async () => {
  const stopping = new Subject<void>();
  const server = listen('tcp:0:interface=127.0.0.1');
  const address = firstValueFrom(server.address$);
  const answers = over(
    lines(),
    mergeMap((line: string) => of(`${line}!`).pipe(delay(line.endsWith('0') ? 1 : 100))),
  );
  const ends = lastValueFrom(server.pipe(takeUntil(stopping), serve(answers), toArray()));
  const place = `tcp:${await address}`;

  const clients: Duplex<string>[] = [];
  for (let n = 0; n < 200; n++) clients.push((await dial(place)).over(lines()));
  let heard = 0;
  const conversations = clients.map(async (client, n) => {
    const questions = [0, 1, 2, 3, 4].map((question) => `${n}.${question}`);
    const answered = lastValueFrom(client.pipe(toArray()));
    for (const question of questions) client.next(question);
    await firstValueFrom(client);
    if (++heard === clients.length) stopping.next();
    client.complete();
    expect((await answered).toSorted()).toEqual(questions.map((question) => `${question}!`));
  });
  await Promise.all(conversations);
  expect(await ends).toEqual(clients.map(() => ({ kind: 'done' })));
  // And nobody new is let in.
  await expect(dial(place)).rejects.toMatchObject({ name: 'ConnectionRefused' });
}, 30_000);
