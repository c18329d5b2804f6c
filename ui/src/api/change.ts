// Changes: carries one out, says how it went, and makes stale what it touched.
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Problem } from './client'

interface Change<In, Out> {
  act: (input: In) => Promise<Out>
  /** First words of the keys of what is to be asked for again. */
  touches: string[]
  /** What to say when it worked; nothing is said without. */
  done?: string | ((output: Out, input: In) => string)
  after?: (output: Out, input: In) => void
}

export function useChange<In = void, Out = unknown>({ act, touches, done, after }: Change<In, Out>) {
  const client = useQueryClient()
  return useMutation<Out, Error, In>({
    mutationFn: act,
    onSuccess: (output, input) => {
      for (const touched of touches) void client.invalidateQueries({ queryKey: [touched] })
      if (done) notifications.show({ message: typeof done === 'string' ? done : done(output, input) })
      after?.(output, input)
    },
    onError: (error) => {
      const advice = error instanceof Problem ? error.advice : 'Try again.'
      notifications.show({ color: 'red', title: error.message, message: advice, autoClose: 12_000 })
    },
  })
}
