// `kopokopo/testing` from strict TypeScript.

import { startSandbox, type Delivery, type Pace, type Sandbox } from 'kopokopo/testing';

export async function pays(pace: Pace): Promise<Delivery> {
  await using sandbox: Sandbox = await startSandbox({ pace, tills: { K1: '5.50' }, seed: undefined });
  const k2 = sandbox.client({ maxRetries: 0 });
  const push = await k2.incomingPayments.create({ tillNumber: 'K1', phoneNumber: '254700000006', amount: 1n, callbackUrl: sandbox.baseUrl });
  await sandbox.customerPays(push.id);
  await sandbox.fault({ kind: 'delay', times: null });
  const [first] = await sandbox.requests();
  const tookEffect: boolean | undefined = first?.tookEffect;
  if (tookEffect) await sandbox.pay({ tillNumber: 'K1', amount: 100, firstName: undefined });
  // @ts-expect-error: not a kind
  await sandbox.fault({ kind: 'cough' });
  // @ts-expect-error: the amount is missing
  await sandbox.pay({ tillNumber: 'K1' });
  await sandbox.reset({ keepTokens: true });
  await sandbox.changeSettings();
  return sandbox.waitForDelivery('incoming_payment', { timeout: 1000 });
}
