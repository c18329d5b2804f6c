// A link to an address of the interface that the server gave as text; anything that leads elsewhere is no link.
import { useRouter } from '@tanstack/react-router'
import type { CSSProperties, ReactNode } from 'react'

export function PathLink({
  to,
  children,
  className,
  style,
}: {
  to: string
  children: ReactNode
  className?: string
  style?: CSSProperties
}) {
  const router = useRouter()
  if (!/^\/(?!\/)/.test(to)) return <span className={className}>{children}</span>
  return (
    <a
      href={to}
      className={className}
      style={style}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
        event.preventDefault()
        router.history.push(to)
      }}
    >
      {children}
    </a>
  )
}
