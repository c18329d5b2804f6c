// A box that scrolls sideways where its content is too wide, and can then be reached and scrolled by keyboard.
import { type ReactNode, useEffect, useRef, useState } from 'react'

export function Scroll({ label = 'Scrolls sideways', children }: { label?: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const [wide, setWide] = useState(false)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const look = () => setWide(element.scrollWidth > element.clientWidth + 1)
    const watch = new ResizeObserver(look)
    watch.observe(element)
    if (element.firstElementChild) watch.observe(element.firstElementChild)
    return () => watch.disconnect()
  }, [])
  return (
    <div ref={box} className="scroll-x" {...(wide ? { tabIndex: 0, role: 'group', 'aria-label': label } : {})}>
      {children}
    </div>
  )
}
